#include "client/lineage_rollback.h"

#include <fmt/format.h>

#include "client/certificate_plan.h"
#include "client/failure.h"
#include "client/lineage.h"
#include "client/lineage_fact_store.h"
#include "client/revocation.h"

namespace cairn::client {
namespace {

constexpr int shares_of_pin = 10;

}  // namespace

std::string fault_of_earlier(const base::Result<Generation>& generation, const LineageFacts& facts,
                             base::Time now) {
    if (!generation) return base::printable(generation.error().message);
    const auto& certificate = generation->chain.front();
    if (now >= certificate.not_after())
        return fmt::format("it has expired on {}", base::to_rfc3339(certificate.not_after()));
    if (now < certificate.not_before())
        return fmt::format("it is not valid before {}", base::to_rfc3339(certificate.not_before()));
    if (facts.revocation_of(digest_of(certificate))) return "it is revoked";
    return {};
}

base::Time end_of_reprieve(const pki::Certificate& certificate) {
    return certificate.not_after() -
           (certificate.not_after() - certificate.not_before()) / shares_of_pin;
}

std::vector<EarlierCertificate> earlier_certificates(const StateDirectory& state,
                                                     const LineageName& name, base::Time now) {
    const std::string tried = fmt::format("roll {} back", name.text());
    const auto plan = CertificatePlan::read(state.renewal(name));
    if (!plan)
        throw Failure(tried, plan.error().message, "`cairn status` lists the lineages there are.");
    std::vector<EarlierCertificate> found;
    std::string faults;
    for (const auto& member : planned_members(name, *plan)) {
        const Lineage lineage(state, member);
        const auto live = lineage.live_number();
        const auto facts = LineageFactStore(state, member).read();
        if (!facts) throw Failure(tried, facts.error().message, "`cairn renew` mends it.");
        if (!live) continue;
        for (const auto number : lineage.numbers()) {
            if (number >= *live) continue;
            auto generation = lineage.generation(number);
            const auto fault = fault_of_earlier(generation, *facts, now);
            if (!fault.empty()) {
                faults += fmt::format("{}number {}: {}", faults.empty() ? "" : "; ", number, fault);
                continue;
            }
            const auto& certificate = generation->chain.front();
            found.push_back({member, *live, number, certificate, end_of_reprieve(certificate)});
            break;
        }
    }
    if (found.empty())
        throw Failure(
            tried,
            faults.empty() ? "there is no certificate before the one that is live"
                           : "none before the one that is live can be used: " + faults,
            fmt::format("`cairn issue --name {} --force` has another one issued.", name.text()));
    return found;
}

void make_live(const StateDirectory& state, const EarlierCertificate& earlier, base::Time now) {
    const auto plan = CertificatePlan::read(state.renewal(earlier.member.lineage));
    const auto hook = plan && !plan->deploy_targets.empty() ? LineageFacts::DeployHook::has_to_run
                                                            : LineageFacts::DeployHook::none;
    // The pin first: a run that dies before the switch has pinned nothing that is live.
    LineageFactStore(state, earlier.member).change([&](LineageFacts& facts) {
        facts.pin = RenewalPin{digest_of(earlier.certificate), earlier.pinned_until};
    });
    Lineage(state, earlier.member).return_to(earlier.earlier);
    LineageFactStore(state, earlier.member).change([&](LineageFacts& facts) {
        // Which CA it is from was known when it was obtained, and is not kept of earlier ones.
        facts.obtain({earlier.earlier, now, {}}, hook);
    });
}

}  // namespace cairn::client
