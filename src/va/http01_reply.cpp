#include "va/http01_reply.h"

#include <fmt/format.h>

#include "va/redirect.h"

namespace cairn::va {

namespace {

// Messages quote at most 200 characters of what the peer chose.
constexpr std::size_t quoted_body = 80;

/// `text` without the white space at its end (RFC 8555 section 8.3).
std::string_view without_trailing_space(std::string_view text) {
    return text.substr(0, text.find_last_not_of(" \t\r\n\v\f") + 1);
}

/// A server may start to answer a little later.
Outlook outlook_of(unsigned status) {
    return status == 404 || status / 100 == 5 ? Outlook::may_heal : Outlook::final;
}

}  // namespace

std::optional<Fault> fault_of(const Reply& reply, std::string_view key_authorization,
                              Disclosure disclosure) {
    const bool is_long = reply.body.size() > max_body;
    const bool is_right =
        reply.status == 200 && !is_long && without_trailing_space(reply.body) == key_authorization;
    if (is_right) return std::nullopt;
    const auto outlook = outlook_of(reply.status);
    if (disclosure == Disclosure::none)
        return Fault{"the answer is not the key authorization", outlook};
    if (reply.status != 200) return Fault{fmt::format("status {}, not 200", reply.status), outlook};
    const auto quoted = disclosure == Disclosure::quotes
                            ? fmt::format("\"{}\"", base::printable(reply.body, quoted_body))
                            : std::string();
    if (is_long) {
        return Fault{fmt::format("the body is beyond {} octets{}{}", max_body,
                                 quoted.empty() ? "" : " and begins ", quoted),
                     outlook};
    }
    return Fault{fmt::format("the body is not the key authorization{}{}",
                             quoted.empty() ? "" : " but ", quoted),
                 outlook};
}

base::Result<net::Url> next_url(const net::Url& url, const Reply& reply, int redirects,
                                const net::Url& start, const Settings& settings,
                                Disclosure disclosure) {
    if (redirects == max_redirects)
        return base::fail(fmt::format("more than {} redirects", max_redirects));
    const bool is_one = reply.locations.size() == 1;
    auto next =
        is_one ? redirect_target(url, reply.locations.front(), start.host(), settings)
               : base::Result<net::Url>(base::fail(fmt::format(
                     "status {} with {} Location fields", reply.status, reply.locations.size())));
    if (next) return next;
    if (disclosure != Disclosure::quotes)
        return base::fail(
            "a redirect is not followed: it needs one Location, http or https on port 80 or 443 of "
            "a public name or of the name that is validated");
    return is_one ? std::unexpected(next.error().within("a redirect is not followed"))
                  : std::move(next);
}

}  // namespace cairn::va
