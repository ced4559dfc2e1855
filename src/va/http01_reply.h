#pragma once
// Private to va: what the reply of a web server means for an http-01 challenge, and what may be
// told about it. Pure.

#include <optional>
#include <string>
#include <vector>

#include "net/url.h"
#include "va/disclosure.h"
#include "va/fault.h"
#include "va/validation.h"

namespace cairn::va {

/// The longest key authorization has 300 octets; the rest is for trailing white space.
inline constexpr std::size_t max_body = 512;

/// The part of a response that validation looks at.
struct Reply {
    std::string peer;  ///< who sent it: "192.0.2.1:80"
    unsigned status = 0;
    std::vector<std::string> locations;
    std::string body;  ///< its first max_body + 1 octets; only of status 200
};

/// What is wrong with a reply that is no redirect, or nothing.
[[nodiscard]] std::optional<Fault> fault_of(const Reply& reply, std::string_view key_authorization,
                                            Disclosure disclosure);

/// Where a redirect from `url` leads, or why it is not followed. `start` is the challenge's own
/// URL.
[[nodiscard]] base::Result<net::Url> next_url(const net::Url& url, const Reply& reply,
                                              int redirects, const net::Url& start,
                                              const Settings& settings, Disclosure disclosure);

}  // namespace cairn::va
