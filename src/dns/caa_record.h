#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::dns {

/// The value of an issue or issuewild property: who may issue, and on which terms (RFC 8659 section
/// 4.2).
struct CaaIssuer {
    /// The issuer's domain name in lower case; empty: nobody.
    std::string domain;
    /// In order; tags in lower case.
    std::vector<std::pair<std::string, std::string>> parameters{};

    /// Reads a value by the grammar of RFC 8659 section 4.2. An error says what is wrong with it;
    /// such a property names nobody.
    [[nodiscard]] static base::Result<CaaIssuer> from_value(base::BytesView value);

    /// The only parameter with this tag (in lower case). An error if it is there more than once,
    /// which nothing can satisfy (RFC 8657 section 3).
    [[nodiscard]] base::Result<std::optional<std::string_view>> parameter(
        std::string_view tag) const;
};

/// The methods that a validationmethods parameter lists (RFC 8657 section 4), in lower case; none
/// for a list that is empty or broken.
[[nodiscard]] std::vector<std::string> listed_methods(std::string_view value);

}  // namespace cairn::dns
