#include "client/renewal.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "client/certificate_authorities.h"
#include "client/lineage_fact_store.h"
#include "client/lineage_mending.h"
#include "client/revocation.h"

namespace cairn::client {
namespace {

constexpr base::Seconds short_life = std::chrono::days{10};

/// The lineages that one thread renews, one after the other.
class Worker {
  public:
    Worker(const Environment& environment, const RenewalOptions& options, Progress& progress)
        : environment_(environment), options_(options), progress_(progress) {}

    RenewalOutcome work_on(const LineageName& name) {
        RenewalOutcome outcome{.lineage = name};
        try {
            renew(outcome);
        } catch (const Failure& failure) {
            outcome.kind = RenewalOutcome::Kind::failed;
            outcome.failure = failure;
        } catch (const std::exception& fault) {
            outcome.kind = RenewalOutcome::Kind::failed;
            outcome.failure = Failure(fmt::format("renew {}", name.text()), fault.what());
        }
        return outcome;
    }

  private:
    void renew(RenewalOutcome& outcome) {
        const auto& name = outcome.lineage;
        // Also before it is read: another run may be renewing it now.
        const auto lock = environment_.state.lock(name, environment_.timer, lineage_lock_patience);
        LineageProgress progress(progress_, name.text());
        if (options_.installing == Installing::dry_run) {
            rehearse(outcome, progress);
            return;
        }
        if (const auto place = LineageFactStore(environment_.state, name).mend())
            progress.tell({.kind = ProgressKind::facts_moved_away, .place = *place});
        if (!finish_earlier(outcome, progress)) renew_if_due(outcome, progress);
    }

    [[nodiscard]] CertificatePlan plan_of(const LineageName& name) const {
        auto plan = CertificatePlan::read(environment_.state.renewal(name));
        if (!plan)
            throw Failure(fmt::format("renew {}", name.text()), plan.error().message,
                          "make the lineage anew with `cairn issue --name`.");
        return std::move(*plan);
    }

    void rehearse(RenewalOutcome& outcome, Progress& progress) {
        const auto& name = outcome.lineage;
        const auto plan = plan_of(name);
        IssuanceOrder order{.lineage = name,
                            .plan = rehearsal_of(plan, name, options_.rehearsal),
                            .account = options_.rehearsal.account,
                            .replaces = {},
                            .installing = Installing::dry_run};
        // Whoever has an account at a CA has agreed to the same terms for its staging directory.
        const auto has_account = [&](const Authority& authority) {
            return AccountStore(environment_.state).find(authority.directory_url).has_value();
        };
        if (options_.rehearsal.directory_url.empty() &&
            std::ranges::all_of(plan.authorities, has_account))
            order.account.terms = Terms::agreed;
        const auto issued = issue(environment_, order, progress);
        outcome.kind = RenewalOutcome::Kind::renewed;
        outcome.certificate = issued.chain.front();
    }

    /// True if an earlier run had asked for a certificate that is in place now.
    bool finish_earlier(RenewalOutcome& outcome, Progress& progress) {
        const auto& name = outcome.lineage;
        const auto begun = OrderRecord(environment_.state, name).find();
        if (!begun || !*begun || !(*begun)->position.is_finalizing) return false;
        const auto chain = finish_issuance(environment_, name, **begun, progress);
        if (!chain) {
            progress.tell({.kind = ProgressKind::order_came_to_nothing});
            return false;
        }
        outcome.kind = RenewalOutcome::Kind::renewed;
        outcome.certificate = chain->front();
        return true;
    }

    void renew_if_due(RenewalOutcome& outcome, Progress& progress) {
        const auto& name = outcome.lineage;
        IssuanceOrder order{.lineage = name, .plan = plan_of(name), .account = {}, .replaces = {}};
        Lineage lineage(environment_.state, name);
        for (const auto& event : LineageMending(lineage).run()) progress.tell(event);
        // A lineage without a sound certificate is due.
        if (const auto current = lineage.current()) {
            const auto& certificate = current->chain.front();
            const auto due_at = due_time(name, order.plan, certificate);
            if (options_.force == RenewalForce::if_due && environment_.clock.now() < due_at) {
                outcome.due_at = due_at;
                if (!order.plan.deploy_targets.empty() &&
                    is_deployment_pending(environment_, name)) {
                    LineageFactStore(environment_.state, name)
                        .attempt(environment_.clock, issuer_of(name, order.plan).directory_url,
                                 [&] {
                                     deploy(environment_, name, order.plan);
                                     return true;
                                 });
                    outcome.kind = RenewalOutcome::Kind::deployed;
                }
                return;
            }
            order.replaces = renewal_identifier(certificate).value_or("");
            order.replaced_at = issuer_of(name, order.plan).directory_url;
        }
        const auto issued = issue(environment_, order, progress);
        outcome.kind = RenewalOutcome::Kind::renewed;
        outcome.certificate = issued.chain.front();
    }

    base::Time due_time(const LineageName& name, const CertificatePlan& plan,
                        const pki::Certificate& certificate) {
        const auto now = environment_.clock.now();
        if (options_.force == RenewalForce::always) return now;
        const LineageFactStore store(environment_.state, name);
        auto facts = store.read();
        if (!facts) throw Failure(fmt::format("renew {}", name.text()), facts.error().message);
        const auto identifier = renewal_identifier(certificate);
        const bool is_revoked = facts->revocation_of(digest_of(certificate)).has_value();
        if (identifier && !is_revoked && may_ask(facts->advice, *identifier, now)) {
            const auto& issuer = facts->issuing_authority(plan);
            auto answer = fetch_renewal_window(
                environment_.sessions.with(issuer.directory_url, issuer.root_file), certificate);
            const bool is_known = facts->advice && facts->advice->certificate == *identifier;
            // What a CA has said once holds until it says otherwise.
            if (!answer.window && is_known) answer.window = facts->advice->window;
            facts->advice = RenewalAdvice{*identifier, answer.window, now + answer.ask_again_in};
            store.change([&](LineageFacts& kept) { kept.advice = facts->advice; });
        }
        return is_revoked ? now : due_by_facts(certificate, *facts);
    }

    /// The CA that issued what is in place, as far as is known.
    [[nodiscard]] Authority issuer_of(const LineageName& name, const CertificatePlan& plan) const {
        const auto facts = LineageFactStore(environment_.state, name).read();
        return facts ? facts->issuing_authority(plan) : plan.preferred_authority();
    }

    /// Whether the CA may be asked now when to renew the certificate with this
    /// identifier.
    [[nodiscard]] static bool may_ask(const std::optional<RenewalAdvice>& advice,
                                      const std::string& identifier, base::Time now) {
        return !advice || advice->certificate != identifier || now >= advice->next_question ||
               // It cannot be that far away: the clock has gone back since.
               advice->next_question > now + longest_renewal_silence;
    }

    const Environment& environment_;
    const RenewalOptions& options_;
    Progress& progress_;
};

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
    std::vector<std::optional<RenewalOutcome>> outcomes(lineages.size());
    std::atomic<std::size_t> next = 0;
    {
        std::vector<std::jthread> threads;
        const auto count = std::min(options.parallel, lineages.size());
        for (std::size_t i = 0; i < count; ++i)
            threads.emplace_back([&] {
                Worker worker(environment, options, progress);
                for (auto index = next++; index < lineages.size(); index = next++)
                    outcomes[index] = worker.work_on(lineages[index]);
            });
    }
    std::vector<RenewalOutcome> results;
    results.reserve(outcomes.size());
    for (auto& outcome : outcomes) results.push_back(std::move(outcome.value()));
    return results;
}

}  // namespace cairn::client
