#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "protocol/problem.h"

namespace cairn::protocol {

/// Most contacts that an account can have.
inline constexpr std::size_t max_contacts = 10;

/// Why `url` cannot be a contact of an account (RFC 8555 section 7.3), or nothing if it can:
/// unsupportedContact for a scheme other than mailto; invalidContact unless it holds exactly one
/// address, as plain dot-atom "@" domain name (RFC 6068, RFC 5322 section 3.4.1), and nothing else.
[[nodiscard]] std::optional<Problem> contact_problem(std::string_view url);

}  // namespace cairn::protocol
