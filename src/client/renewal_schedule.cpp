#include "client/renewal_schedule.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/enum_table.h"
#include "client/plan_fulfilment.h"
#include "client/revocation.h"
#include "crypto/digest.h"

namespace cairn::client {
namespace {

constexpr base::Seconds short_life = std::chrono::days{10};
constexpr std::int64_t shares_of_spread = 100;
constexpr std::int64_t shares_of_floor = 20;
constexpr std::size_t max_explanation = 200;

base::Seconds lifetime_of(const pki::Certificate& certificate) {
    return certificate.not_after() - certificate.not_before();
}

/// A number below `bound`, evenly spread over certificates and the same at every call for one.
base::Seconds share_of(const pki::Certificate& certificate, base::Seconds bound) {
    if (bound.count() < 1) return {};
    const auto digest =
        crypto::hmac_sha256(certificate.der(), base::bytes_of(std::string_view("spread")));
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest[i];
    return base::Seconds(
        static_cast<std::int64_t>(number % static_cast<std::uint64_t>(bound.count())));
}

}  // namespace

std::string_view to_string(DueReason reason) {
    switch (reason) {
        case DueReason::lifetime:
            return "lifetime";
        case DueReason::renew_before:
            return "renew-before";
        case DueReason::window:
            return "window";
        case DueReason::put_off:
            return "put-off";
        case DueReason::plan_changed:
            return "plan-changed";
        case DueReason::pinned:
            return "pinned";
        case DueReason::revoked:
            return "revoked";
        case DueReason::unsound:
            return "unsound";
        case DueReason::asked_for:
            return "asked-for";
    }
    return {};
}

std::optional<DueReason> due_reason_from(std::string_view text) {
    for (const auto reason : base::enumerators<DueReason>)
        if (to_string(reason) == text) return reason;
    return std::nullopt;
}

std::string DueTime::because() const {
    const auto with_detail = [this](std::string_view text) {
        return detail.empty() ? std::string(text) : fmt::format("{}: {}", text, detail);
    };
    switch (reason) {
        case DueReason::lifetime:
            return "its share of its life is over";
        case DueReason::renew_before:
            return with_detail("its plan says so");
        case DueReason::window:
            return with_detail("its CA suggests it");
        case DueReason::put_off:
            return "its CA suggests an earlier time, for which it was renewed only just now";
        case DueReason::plan_changed:
            return with_detail("it is not what its plan wants");
        case DueReason::pinned:
            return "it was rolled back to";
        case DueReason::revoked:
            return "it is revoked";
        case DueReason::unsound:
            return with_detail("there is no certificate that can be used");
        case DueReason::asked_for:
            return "somebody asks for it";
    }
    return {};
}

base::Time due_by_lifetime(const pki::Certificate& certificate) {
    const auto lifetime = lifetime_of(certificate);
    const auto latest =
        certificate.not_before() + (lifetime < short_life ? lifetime / 2 : lifetime * 2 / 3);
    return latest - share_of(certificate, lifetime / shares_of_spread);
}

base::Time due_by_window(const pki::Certificate& certificate, const RenewalWindow& window) {
    // A window that reaches to the end of the validity leaves no time for a second try.
    const auto lifetime = lifetime_of(certificate);
    const auto reserve =
        std::min(std::max<base::Seconds>(lifetime / 10, std::chrono::days(1)), lifetime / 3);
    return std::min(window.moment_for(certificate), certificate.not_after() - reserve);
}

base::Seconds floor_between_windows(const pki::Certificate& certificate) {
    return lifetime_of(certificate) / shares_of_floor;
}

DueTime due_time(const CertificatePlan& plan, const LineageMember& member,
                 const Generation& standing, const LineageFacts& facts) {
    const auto& certificate = standing.chain.front();
    if (const auto note = facts.revocation_of(digest_of(certificate)))
        return {note->time, DueReason::revoked};
    if (facts.pin && facts.pin->certificate == digest_of(certificate))
        return {facts.pin->until, DueReason::pinned};
    if (auto shortfall = shortfall_of(standing, member, plan, facts))
        return {certificate.not_before(), DueReason::plan_changed, std::move(*shortfall)};
    DueTime due{due_by_lifetime(certificate), DueReason::lifetime};
    if (plan.renew_before)
        due = {certificate.not_after() - plan.renew_before->reserve_of(lifetime_of(certificate)),
               DueReason::renew_before, plan.renew_before->text() + " before its end"};
    const auto& advice = facts.advice;
    if (!advice || !advice->window || advice->certificate != renewal_identifier(certificate))
        return due;
    DueTime suggested{due_by_window(certificate, *advice->window), DueReason::window,
                      base::printable(advice->window->explanation_url, max_explanation)};
    const auto& hastening = facts.hastening;
    if (hastening && hastening->certificate != digest_of(certificate)) {
        const auto earliest = std::min(hastening->time + floor_between_windows(certificate),
                                       due_by_lifetime(certificate));
        if (suggested.at < earliest) suggested = {earliest, DueReason::put_off};
    }
    // What the plan says is not put off by a CA that would wait for longer.
    return plan.renew_before && due.at <= suggested.at ? due : suggested;
}

}  // namespace cairn::client
