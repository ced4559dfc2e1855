#pragma once
// Private to va: where an http-01 validation may be led. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/url.h"
#include "va/validation.h"

namespace cairn::va {

/// At most this many redirects are followed (BR 3.2.2.4.19 leaves the number to the CA).
inline constexpr int max_redirects = 10;

/// True for the status codes of redirects that are followed: 301, 302, 307, 308 (BR 3.2.2.4.19).
[[nodiscard]] bool is_redirect(unsigned status);

/// The port to dial for `url`, or nothing if that port is not allowed. The operator's ports replace
/// 80 and 443, and may also be named themselves.
[[nodiscard]] std::optional<std::uint16_t> port_to_dial(const net::Url& url,
                                                        const Settings& settings);

/// Where `location`, received from `from`, leads; or why it is not followed: another scheme or
/// port, userinfo, a host that no public name is (one label, localhost). The host that is
/// validated, `validated_host`, is always accepted. Blanks, brackets and UTF-8 in a path or query
/// are encoded, as browsers do it for the sites that send them. Addresses are judged when they are
/// dialled.
[[nodiscard]] base::Result<net::Url> redirect_target(const net::Url& from,
                                                     std::string_view location,
                                                     std::string_view validated_host,
                                                     const Settings& settings);

}  // namespace cairn::va
