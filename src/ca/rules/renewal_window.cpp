#include "ca/rules/renewal_window.h"

#include <algorithm>

#include "crypto/digest.h"

namespace cairn::ca {
namespace {

constexpr base::Seconds short_life = std::chrono::days(10);
/// How long before an event a window begins that is over when it happens, and how long it is.
constexpr base::Seconds past_lead = std::chrono::hours(1);
constexpr base::Seconds past_length = std::chrono::minutes(30);
/// The windows of a rule: a tenth of its period, within these bounds.
constexpr base::Seconds shortest_pulled = std::chrono::minutes(10);
constexpr base::Seconds longest_pulled = std::chrono::hours(24);

// From 0 to `length`, evenly spread over serial numbers. `purpose` keeps uses apart.
base::Seconds share_of(base::Seconds length, const pki::SerialNumber& serial,
                       base::BytesView purpose) {
    const auto digest = crypto::hmac_sha256(purpose, serial.der_content());
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) number = number << 8U | digest[i];
    return base::Seconds((static_cast<std::uint64_t>(length.count()) * number) >> 32U);
}

RenewalWindow past_of(base::Time event, RenewalWindow::Cause cause) {
    return {.start = event - past_lead, .end = event - past_lead + past_length, .cause = cause};
}

}  // namespace

RenewalWindow usual_renewal_window(const pki::SerialNumber& serial, const pki::Validity& validity) {
    const auto life = validity.not_after - validity.not_before + base::Seconds(1);
    const auto point = validity.not_before + (life < short_life ? life / 2 : life * 2 / 3);
    const auto margin = std::max<base::Seconds>(life / 100, base::Seconds(1));
    const auto middle =
        point - margin + share_of(2 * margin, serial, base::bytes_of("usual renewal window"));
    return {.start = middle - margin, .end = middle + margin};
}

RenewalWindow pulled_renewal_window(const PullForward& rule, const pki::SerialNumber& serial) {
    auto window = past_of(rule.created, RenewalWindow::Cause::pulled_forward);
    const auto period = rule.deadline ? *rule.deadline - rule.created : base::Seconds(0);
    if (period > base::Seconds(0)) {
        const auto length =
            std::min(std::clamp<base::Seconds>(period / 10, shortest_pulled, longest_pulled),
                     std::max<base::Seconds>(period / 2, base::Seconds(1)));
        window.start = rule.created + share_of(period - length, serial, rule.id.octets());
        window.end = window.start + length;
    }
    window.rule = rule.id;
    window.explanation_url = rule.explanation_url;
    return window;
}

RenewalWindow renewal_window(const IssuedCertificate& certificate, const pki::Validity& validity,
                             std::span<const PullForward> rules) {
    auto earliest = usual_renewal_window(certificate.serial, validity);
    if (certificate.revocation)
        earliest = past_of(certificate.revocation->at, RenewalWindow::Cause::revoked);
    for (const auto& rule : rules) {
        if (!rule.is_about(certificate)) continue;
        auto pulled = pulled_renewal_window(rule, certificate.serial);
        if (pulled.start < earliest.start) earliest = std::move(pulled);
    }
    return earliest;
}

}  // namespace cairn::ca
