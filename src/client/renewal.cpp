#include "client/renewal.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "client/certificate_authorities.h"
#include "client/lineage_renewal.h"
#include "client/revocation.h"

namespace cairn::client {
namespace {

constexpr base::Seconds short_life = std::chrono::days{10};

}  // namespace

CertificatePlan rehearsal_of(CertificatePlan plan, const LineageName& lineage,
                             const RehearsalAuthority& authority) {
    if (!authority.directory_url.empty()) {
        // The CAs that are known are trusted by the system's roots.
        const auto known = staging_directory_of(authority.directory_url);
        auto root_file = plan.preferred_authority().root_file;
        if (!authority.root_file.empty() || !known || *known) root_file = authority.root_file;
        plan.authorities = {{authority.directory_url, std::move(root_file)}};
        return plan;
    }
    std::vector<Authority> rehearsing;
    for (const auto& planned : plan.authorities)
        if (const auto staging = staging_directory_of(planned.directory_url); staging && *staging)
            rehearsing.push_back({**staging, planned.root_file});
    if (!rehearsing.empty()) {
        plan.authorities = std::move(rehearsing);
        return plan;
    }
    const auto& preferred = plan.preferred_authority().directory_url;
    const auto staging = staging_directory_of(preferred);
    throw Failure(
        fmt::format("rehearse the renewal of {}", lineage.text()),
        staging ? fmt::format("no staging directory of the CA at {} is known",
                              base::printable(preferred))
                : staging.error().message,
        "name a CA to rehearse with: --dry-run --ca URL. It issues a certificate, which is "
        "dropped, so its limits count it.");
}

base::Time due_by_lifetime(const pki::Certificate& certificate) {
    const auto lifetime = certificate.not_after() - certificate.not_before();
    return certificate.not_before() + (lifetime < short_life ? lifetime / 2 : lifetime * 2 / 3);
}

base::Time due_by_window(const pki::Certificate& certificate, const RenewalWindow& window) {
    // A window that reaches to the end of the validity leaves no time for a second try.
    const auto lifetime = certificate.not_after() - certificate.not_before();
    const auto reserve =
        std::min(std::max<base::Seconds>(lifetime / 10, std::chrono::days(1)), lifetime / 3);
    return std::min(window.moment_for(certificate), certificate.not_after() - reserve);
}

base::Time due_by_facts(const pki::Certificate& certificate, const LineageFacts& facts) {
    if (const auto note = facts.revocation_of(digest_of(certificate))) return note->time;
    const auto& advice = facts.advice;
    if (advice && advice->window && advice->certificate == renewal_identifier(certificate))
        return due_by_window(certificate, *advice->window);
    return due_by_lifetime(certificate);
}

std::vector<RenewalOutcome> renew(const Environment& environment,
                                  const std::vector<LineageName>& lineages,
                                  const RenewalOptions& options, Progress& progress) {
    std::vector<std::vector<RenewalOutcome>> outcomes(lineages.size());
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> settled = 0;
    {
        std::vector<std::jthread> threads;
        const auto count = std::min(options.parallel, lineages.size());
        for (std::size_t i = 0; i < count; ++i)
            threads.emplace_back([&] {
                for (auto index = next++; index < lineages.size(); index = next++) {
                    outcomes[index] =
                        LineageRenewal(environment, options, lineages[index], progress).run();
                    progress.count(++settled, lineages.size());
                }
            });
    }
    std::vector<RenewalOutcome> results;
    for (auto& some : outcomes) std::ranges::move(some, std::back_inserter(results));
    return results;
}

}  // namespace cairn::client
