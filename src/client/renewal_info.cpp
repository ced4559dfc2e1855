#include "client/renewal_info.h"

#include <algorithm>

#include "client/failure.h"
#include "crypto/digest.h"
#include "pki/renewal_identifier.h"
#include "protocol/renewal_info.h"

namespace cairn::client {
namespace {

constexpr base::Seconds usual_silence = std::chrono::hours{6};
constexpr base::Seconds shortest_silence = std::chrono::minutes{1};

}  // namespace

base::Result<RenewalWindow> RenewalWindow::from_json(base::BytesView json) {
    auto info = protocol::RenewalInfo::from_json(json);
    if (!info) return std::unexpected(std::move(info.error()));
    return RenewalWindow{info->start, info->end, std::move(info->explanation_url)};
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
    const auto identifier = pki::RenewalIdentifier::of(certificate);
    return identifier ? std::optional(identifier->to_text()) : std::nullopt;
}

RenewalAnswer fetch_renewal_window(Session& session, const pki::Certificate& certificate) try {
    auto url = session.directory().renewal_info;
    const auto identifier = renewal_identifier(certificate);
    if (url.empty() || !identifier) return {{}, usual_silence, false};
    if (!url.ends_with('/')) url += '/';
    const auto reply = session.get_once(url + *identifier, "read the renewal information");
    if (!reply) return {{}, usual_silence};
    auto window = RenewalWindow::from_json(base::bytes_of(reply->body));
    if (!window) return {{}, usual_silence};
    return {std::move(*window), std::clamp(reply->retry_after.value_or(usual_silence),
                                           shortest_silence, longest_renewal_silence)};
} catch (const Failure&) {
    return {{}, usual_silence, !session.is_unavailable()};
}

}  // namespace cairn::client
