#include "client/renewal_info.h"

#include <algorithm>

#include "base/base64url.h"
#include "client/failure.h"
#include "crypto/digest.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

constexpr base::Seconds usual_silence = std::chrono::hours{6};
constexpr base::Seconds shortest_silence = std::chrono::minutes{1};

}  // namespace

base::Result<RenewalWindow> RenewalWindow::from_json(base::BytesView json) {
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    const auto* suggested = reader.object("suggestedWindow");
    if (reader.error()) return std::unexpected(*reader.error());
    // Words for people; a wrong one costs nothing.
    const auto explanation = reader.text_or_empty("explanationURL");
    if (suggested == nullptr) return base::fail("suggestedWindow: missing");
    protocol::MemberReader members(*suggested);
    const auto start = members.time("start");
    const auto end = members.time("end");
    if (members.error()) return std::unexpected(members.error()->within("suggestedWindow"));
    if (!start || !end) return base::fail("suggestedWindow: start or end is missing");
    if (*end <= *start) return base::fail("suggestedWindow: ends before it starts");
    return RenewalWindow{*start, *end, explanation};
}

base::Time RenewalWindow::moment_for(const pki::Certificate& certificate) const {
    const auto text = base::to_rfc3339(start) + base::to_rfc3339(end);
    const auto digest = crypto::hmac_sha256(certificate.der(), base::bytes_of(text));
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest[i];
    const auto length = static_cast<std::uint64_t>((end - start).count());
    return start + base::Seconds(static_cast<std::int64_t>(number % length));
}

std::optional<std::string> renewal_identifier(const pki::Certificate& certificate) {
    if (!certificate.authority_key_id()) return std::nullopt;
    return base::base64url(*certificate.authority_key_id()) + "." +
           base::base64url(certificate.serial().der_content());
}

RenewalAnswer fetch_renewal_window(Session& session, const pki::Certificate& certificate) try {
    auto url = session.directory().renewal_info;
    const auto identifier = renewal_identifier(certificate);
    if (url.empty() || !identifier) return {{}, usual_silence};
    if (!url.ends_with('/')) url += '/';
    const auto reply = session.get_once(url + *identifier, "read the renewal information");
    if (!reply) return {{}, usual_silence};
    auto window = RenewalWindow::from_json(base::bytes_of(reply->body));
    if (!window) return {{}, usual_silence};
    return {std::move(*window), std::clamp(reply->retry_after.value_or(usual_silence),
                                           shortest_silence, longest_renewal_silence)};
} catch (const Failure&) {
    return {{}, usual_silence};
}

}  // namespace cairn::client
