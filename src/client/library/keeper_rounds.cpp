#include "client/library/keeper_rounds.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

#include "client/challenge_journal.h"
#include "client/issuance.h"
#include "client/issuance_need.h"
#include "client/leftovers.h"
#include "client/library/version.h"
#include "client/lineage_fact_store.h"
#include "client/plan_fulfilment.h"
#include "client/plan_keeping.h"
#include "client/preflight.h"
#include "client/renewal_calendar.h"
#include "client/settings.h"

namespace cairn::client {
namespace {

KeeperOptions completed(KeeperOptions options) {
    const Aim aim("keep certificates");
    if (options.state_folder.empty())
        throw Failure(aim, "no folder is named where accounts and certificates are kept",
                      "set `state_folder`.");
    if (options.certificates.empty())
        throw Failure(aim, "none is wanted", "say in `certificates` which.");
    if (std::ranges::find(options.solvers, nullptr) != options.solvers.end())
        throw Failure(aim, "one of `solvers` is null", "leave it out.");
    options.state_folder = std::filesystem::absolute(options.state_folder);
    if (options.settings_folder.empty()) options.settings_folder = Settings::usual_folder();
    return options;
}

std::string user_agent(const std::string& program) {
    return fmt::format("{}{}Cairn/{}", program, program.empty() ? "" : " ", library_version());
}

}  // namespace

KeeperRounds::KeeperRounds(KeeperOptions options, const base::Clock& clock, Timer& timer,
                           crypto::Random& random)
    : options_(completed(std::move(options))),
      clock_(clock),
      timer_(timer),
      random_(random),
      state_(options_.state_folder),
      user_agent_(user_agent(options_.program)),
      evidence_(user_agent_),
      progress_(options_.progress != nullptr ? *options_.progress : silence_),
      rounds_(random) {
    for (const auto& wanted : options_.certificates) {
        const auto lineage = lineage_of(wanted);
        static_cast<void>(plan_of(wanted, std::nullopt));
        if (!kept_.emplace(lineage, Kept{wanted}).second)
            throw Failure("keep certificates",
                          fmt::format("two of them are called {}", lineage.text()),
                          "give one another name with `lineage`.");
    }
    std::ranges::transform(kept_, std::back_inserter(lineages_),
                           [](const auto& each) { return each.first; });
}

void KeeperRounds::run() {
    std::vector<RenewalOutcome> outcomes;
    try {
        work(outcomes);
    } catch (const Failure& failure) {
        outcomes = all_failed(failure);
    } catch (const std::exception& fault) {
        outcomes = all_failed(Failure("look at what is to be renewed", fault.what()));
    }
    if (timer_.is_stopped()) return;
    take_in(outcomes);
    rounds_.note(outcomes, clock_.now());
    next_ = rounds_.next_round(lineages_, RenewalCalendar(state_), clock_.now());
    tell_of_new();
}

std::vector<RenewalOutcome> KeeperRounds::all_failed(const Failure& failure) const {
    std::vector<RenewalOutcome> outcomes;
    for (const auto& lineage : lineages_)
        outcomes.push_back(
            {.lineage = lineage, .kind = RenewalOutcome::Kind::failed, .failure = failure});
    return outcomes;
}

void KeeperRounds::forget_failures() {
    rounds_.forget_failures();
}

void KeeperRounds::work(std::vector<RenewalOutcome>& outcomes) {
    // Nothing binds a round that an earlier one knew of CAs and credentials.
    SolverSet solvers({clock_, timer_, progress_, STDIN_FILENO, state_.root(),
                       options_.settings_folder, user_agent_});
    for (const auto& own : options_.solvers) solvers.add(*own);
    SessionPool sessions({.directory_url = {}, .root_file = {}, .user_agent = user_agent_}, clock_,
                         timer_, random_);
    const Environment environment{.state = state_,
                                  .clock = clock_,
                                  .timer = timer_,
                                  .random = random_,
                                  .solvers = solvers,
                                  .sessions = sessions,
                                  .evidence = &evidence_,
                                  .settings_folder = options_.settings_folder,
                                  .user_agent = user_agent_};
    std::vector<LineageName> standing;
    bool is_state_tidy = false;
    for (const auto& lineage : rounds_.to_look_at(lineages_, clock_.now())) {
        if (timer_.is_stopped()) return;
        auto& kept = kept_.at(lineage);
        if (kept.is_settled) {
            standing.push_back(lineage);
            continue;
        }
        try {
            if (!std::exchange(is_state_tidy, true)) {
                remove_leftovers(state_);
                clean_up_after_crashes(state_, solvers, progress_);
            }
            settle(environment, lineage, kept.wanted);
            kept.is_settled = true;
            // Not as one that was renewed, which waits: its CA is soon asked when to renew it.
            outcomes.push_back({.lineage = lineage});
        } catch (const Failure& failure) {
            outcomes.push_back(
                {.lineage = lineage, .kind = RenewalOutcome::Kind::failed, .failure = failure});
        } catch (const std::exception& fault) {
            outcomes.push_back(
                {.lineage = lineage,
                 .kind = RenewalOutcome::Kind::failed,
                 .failure = Failure(fmt::format("obtain the certificate of {}", lineage.text()),
                                    fault.what())});
        }
    }
    auto renewed = renew(environment, standing, {}, progress_);
    std::ranges::move(renewed, std::back_inserter(outcomes));
}

void KeeperRounds::settle(const Environment& environment, const LineageName& lineage,
                          const WantedCertificate& wanted) {
    const auto lock = state_.lock(lineage, timer_, lineage_lock_patience);
    if (const auto place = LineageFactStore(state_, lineage).mend())
        progress_.tell({.kind = ProgressKind::facts_moved_away, .place = *place});
    const auto former = former_plan(lineage);
    IssuanceOrder order{.lineage = lineage,
                        .plan = plan_of(wanted, former),
                        .account = wanted.account,
                        .replaces = {},
                        .caution = LimitCaution::limits_and_proofs,
                        .former = former};
    client::settle(order.plan, environment.solvers);
    const auto needs = needs_of(environment, lineage, order.plan);
    for (const auto& member : planned_members(lineage, order.plan))
        if (std::ranges::find(needs, member, &IssuanceNeed::member) == needs.end())
            order.left_alone.push_back(member);
    if (needs.empty()) {
        if (order.plan != former) keep_plan(state_, lineage, former, order.plan, progress_);
        return;
    }
    require_clear_way(lineage, order.plan, environment.solvers, state_,
                      order.plan.pre_hook.empty() ? PortsLookedAt::yes : PortsLookedAt::no);
    issue(environment, order, progress_);
    open_other_accounts(environment, order.plan, order.account, progress_);
}

void KeeperRounds::take_in(const std::vector<RenewalOutcome>& outcomes) {
    for (const auto& outcome : outcomes) {
        auto& kept = kept_.at(outcome.lineage);
        if (outcome.kind != RenewalOutcome::Kind::failed) {
            kept.failure.reset();
            continue;
        }
        // The next try makes an account again, if the CA does not know the one that was there.
        kept.is_settled = false;
        kept.failure = outcome.failure;
        tell_of_trouble(outcome.lineage.text(), *outcome.failure);
    }
}

void KeeperRounds::tell_of_new() {
    for (const auto& certificate : standing()) {
        const auto key = std::pair(certificate.lineage, certificate.key_type);
        const auto known = told_.find(key);
        if (known != told_.end() && known->second == certificate.certificate()) continue;
        try {
            if (options_.on_certificate) options_.on_certificate(certificate);
            told_.insert_or_assign(key, certificate.certificate());
        } catch (const std::exception& fault) {
            tell_of_trouble(
                certificate.lineage,
                Failure({fmt::format("take the certificate of {} into use", certificate.lineage),
                         Phase::deploy},
                        fault.what(), "it is tried again in the next round."));
            next_ = std::min(next_, clock_.now() + std::chrono::minutes{1});
        }
    }
}

void KeeperRounds::tell_of_trouble(const std::string& lineage, const Failure& failure) const {
    if (!options_.on_trouble) return;
    KeeperTrouble trouble{lineage, failure, std::nullopt};
    for (const auto& certificate : standing())
        if (certificate.lineage == lineage && certificate.not_after() >= clock_.now())
            trouble.valid_until =
                std::min(trouble.valid_until.value_or(base::Time::max()), certificate.not_after());
    try {
        options_.on_trouble(trouble);
    } catch (const std::exception&) {
        // Whoever is to be told of trouble has trouble, and nobody else is there.
    }
}

std::optional<CertificatePlan> KeeperRounds::former_plan(const LineageName& lineage) const {
    const auto file = state_.renewal(lineage);
    if (!std::filesystem::exists(file)) return std::nullopt;
    auto plan = CertificatePlan::read(file);
    if (!plan)
        throw Failure(fmt::format("read the plan of {}", lineage.text()), plan.error().message,
                      "mend the file, or move it away to make the plan anew.");
    return std::move(*plan);
}

std::vector<KeptCertificate> KeeperRounds::standing() const {
    std::vector<KeptCertificate> all;
    for (const auto& [lineage, kept] : kept_) {
        auto some = standing_of(lineage, kept.wanted);
        std::ranges::move(some, std::back_inserter(all));
    }
    return all;
}

std::vector<KeptCertificate> KeeperRounds::standing_of(const LineageName& lineage,
                                                       const WantedCertificate& wanted) const {
    return kept_certificates(state_, lineage, plan_of(wanted, std::nullopt));
}

bool KeeperRounds::stands_as_wanted(const LineageName& lineage,
                                    const WantedCertificate& wanted) const {
    const auto plan = plan_of(wanted, std::nullopt);
    return std::ranges::all_of(planned_members(lineage, plan), [&](const LineageMember& member) {
        const auto current = Lineage(state_, member).current();
        if (!current || current->chain.front().not_after() < clock_.now()) return false;
        const auto facts = LineageFactStore(state_, member).read();
        return !shortfall_of(*current, member, plan, facts ? *facts : LineageFacts{});
    });
}

void KeeperRounds::require_standing() const {
    for (const auto& [lineage, kept] : kept_) {
        if (stands_as_wanted(lineage, kept.wanted)) continue;
        if (kept.failure) throw Failure(*kept.failure);
        throw Failure(
            fmt::format("obtain the certificate of {}", lineage.text()),
            timer_.is_stopped() ? "the keeper was stopped" : "there is none that is valid",
            "try again.");
    }
}

}  // namespace cairn::client
