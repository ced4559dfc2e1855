#include "client/lineage_renewal.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "client/account_store.h"
#include "client/lineage_mending.h"
#include "client/order_record.h"
#include "client/plan_fulfilment.h"
#include "client/plan_keeping.h"
#include "client/revocation.h"
#include "client/withheld_certificate.h"

namespace cairn::client {
namespace {

using Kind = RenewalOutcome::Kind;

/// Whether the CA may be asked now when to renew the certificate with this identifier.
bool may_ask(const std::optional<RenewalAdvice>& advice, const std::string& identifier,
             base::Time now) {
    return !advice || advice->certificate != identifier || now >= advice->next_question ||
           // It cannot be that far away: the clock has gone back since.
           advice->next_question > now + longest_renewal_silence;
}

}  // namespace

std::vector<RenewalOutcome> LineageRenewal::run() {
    try {
        renew();
    } catch (const Failure& failure) {
        fail(std::nullopt, failure);
    } catch (const std::exception& fault) {
        fail(std::nullopt, Failure(fmt::format("renew {}", name_.text()), fault.what()));
    }
    end_attempt();
    return std::move(outcomes_);
}

/// A rehearsal keeps its own.
void LineageRenewal::end_attempt() {
    if (options_.installing == Installing::dry_run) return;
    const auto failed = std::ranges::find(outcomes_, Kind::failed, &RenewalOutcome::kind);
    const auto* const failure = failed == outcomes_.end() ? nullptr : &*failed->failure;
    if (wanted_ && (is_tried_ || failure != nullptr))
        hooks_.note(name_, *wanted_, failure, progress_);
    if (failure == nullptr)
        progress_.succeed();
    else
        progress_.fail(*failure);
    for (auto& outcome : outcomes_)
        if (outcome.failure) outcome.failure = outcome.failure->of_attempt(progress_.id());
}

void LineageRenewal::renew() {
    // Also before it is read: another run may be renewing it now.
    const auto lock = environment_.state.lock(name_, environment_.timer, lineage_lock_patience);
    if (options_.installing == Installing::dry_run) {
        rehearse();
        return;
    }
    if (const auto place = LineageFactStore(environment_.state, name_).mend())
        progress_.tell({.kind = ProgressKind::facts_moved_away, .place = *place});
    finish_earlier();
    // A lineage that has never had a certificate has no plan yet.
    if (!outcomes_.empty() && !std::filesystem::exists(environment_.state.renewal(name_))) return;
    // What is seen is seen before anything of it is read: a change that is made meanwhile shows.
    const auto key_types = plan().key_types;
    const auto seen = LineageSight::of(environment_.state, name_, std::span(key_types).subspan(1));
    const auto wanted = plan();
    wanted_ = wanted;
    for (const auto& member : planned_members(name_, wanted)) {
        const auto key_type = member.key_type(wanted);
        if (has_outcome(key_type)) continue;
        try {
            renew_if_due(member, wanted);
        } catch (const Failure& failure) {
            fail(key_type, failure);
        }
    }
    // Whoever has changed the plan meanwhile wants other targets to learn of it.
    deploy_if_pending(plan_in_force(environment_.state, name_, wanted));
    enter(wanted, seen);
}

void LineageRenewal::enter(const CertificatePlan& plan, const LineageSight& seen) {
    calendar_.forget(name_);
    const bool is_idle = std::ranges::all_of(outcomes_, [](const RenewalOutcome& outcome) {
        return outcome.kind == Kind::not_due && outcome.key_type && outcome.due;
    });
    if (!is_idle || outcomes_.size() != plan.key_types.size()) return;
    CalendarEntry entry{.due = {}, .next_action = next_action_, .sight = {}};
    for (const auto& outcome : outcomes_)
        entry.due.push_back({*outcome.key_type, outcome.due->at, outcome.due->reason});
    const auto again =
        LineageSight::of(environment_.state, name_, std::span(plan.key_types).subspan(1));
    // What this run has changed itself, the next one verifies once more.
    if (again == seen) calendar_.enter(name_, std::move(entry), seen, environment_.clock.now());
}

RenewalOutcome& LineageRenewal::add(Kind kind, std::optional<crypto::KeyType> key_type) {
    return outcomes_.emplace_back(
        RenewalOutcome{.lineage = name_, .key_type = key_type, .kind = kind});
}

void LineageRenewal::fail(std::optional<crypto::KeyType> key_type, const Failure& failure) {
    add(Kind::failed, key_type).failure = failure;
    if (is_about_every_key_type(failure) || environment_.timer.is_stopped())
        shared_failure_ = failure;
}

bool LineageRenewal::has_outcome(crypto::KeyType key_type) const {
    return std::ranges::find(outcomes_, key_type, &RenewalOutcome::key_type) != outcomes_.end();
}

CertificatePlan LineageRenewal::plan() const {
    auto plan = CertificatePlan::read(environment_.state.renewal(name_));
    if (!plan)
        throw Failure(fmt::format("renew {}", name_.text()), plan.error().message,
                      "make the lineage anew with `cairn issue --name`.");
    return std::move(*plan);
}

void LineageRenewal::rehearse() {
    const auto wanted = plan();
    IssuanceOrder order{.lineage = name_,
                        .plan = rehearsal_of(wanted, name_, options_.rehearsal),
                        .account = options_.rehearsal.account,
                        .replaces = {},
                        .installing = Installing::dry_run};
    // Whoever has an account at a CA has agreed to the same terms for its staging directory.
    const auto has_account = [&](const Authority& authority) {
        return AccountStore(environment_.state, wanted.account)
            .find(authority.directory_url)
            .has_value();
    };
    if (options_.rehearsal.directory_url.empty() &&
        std::ranges::all_of(wanted.authorities, has_account))
        order.account.terms = Terms::agreed;
    const auto issued = issue(environment_, order, hooks_, listener_);
    add(Kind::renewed, wanted.key_types.front()).certificate = issued.chain.front();
    for (std::size_t i = 0; i < issued.further.size(); ++i)
        add(Kind::renewed, wanted.key_types[i + 1]).certificate = issued.further[i].chain.front();
}

/// Puts in place what an earlier run had asked for.
void LineageRenewal::finish_earlier() {
    const auto known = LineageFactStore(environment_.state, name_).read_all();
    if (known && !known->is_being_issued()) return;
    for (const auto& member : possible_members(name_)) {
        const auto begun = OrderRecord(environment_.state, member).find();
        if (!begun || !*begun || !(*begun)->position.is_finalizing) continue;
        const auto key_type = member.key_type((*begun)->plan);
        try {
            const auto chain = finish_certificate(environment_, member, **begun, progress_);
            if (chain)
                add(Kind::renewed, key_type).certificate = chain->front();
            else
                progress_.tell({.kind = ProgressKind::order_came_to_nothing});
        } catch (const Failure& failure) {
            fail(key_type, failure);
        }
    }
}

void LineageRenewal::renew_if_due(const LineageMember& member, const CertificatePlan& plan) {
    IssuanceOrder order{.lineage = name_,
                        .plan = plan,
                        .account = {},
                        .replaces = {},
                        .further = member.further,
                        .caution = options_.force == RenewalForce::always
                                       ? LimitCaution::none
                                       : LimitCaution::limits_and_proofs,
                        .former = plan};
    unkept_advice_.reset();
    Lineage lineage(environment_.state, member);
    for (const auto& event : LineageMending(lineage).run()) progress_.tell(event);
    if (options_.force != RenewalForce::always)
        take_up_withheld(environment_, member, plan, progress_);
    DueTime due{environment_.clock.now(), DueReason::unsound};
    if (const auto current = lineage.current()) {
        const auto& certificate = current->chain.front();
        due = due_time_of(member, plan, *current);
        next_action_ = std::min(next_action_, due.at);
        if (environment_.clock.now() < due.at) {
            keep_advice(member);
            auto& outcome = add(Kind::not_due, order.key_type());
            outcome.due_at = due.at;
            outcome.due = std::move(due);
            return;
        }
        order.replaces = renewal_identifier(certificate).value_or("");
        order.replaced_at = issuer_of(member, plan).directory_url;
        if (due.reason == DueReason::window) note_hastening(member, certificate);
    } else {
        due.detail = base::printable(current.error().message);
    }
    const auto issued = [&] {
        try {
            return obtain_due(order, due);
        } catch (const Failure&) {
            // Of a certificate that is replaced nobody asks again; of this one the next run may.
            keep_advice_if_possible(member);
            throw;
        }
    }();
    auto& outcome = add(Kind::renewed, order.key_type());
    outcome.certificate = issued.chain.front();
    outcome.due = std::move(due);
}

IssuedCertificate LineageRenewal::obtain_due(const IssuanceOrder& order, const DueTime& due) {
    if (shared_failure_) throw Failure(*shared_failure_);
    progress_.tell({.kind = ProgressKind::renewing, .text = due.because()});
    if (!is_tried_) hooks_.before(name_, order.plan, progress_);
    is_tried_ = true;
    return obtain_certificate(environment_, order, progress_);
}

void LineageRenewal::deploy_if_pending(const CertificatePlan& plan) {
    if (!is_deployment_pending(environment_, name_, plan)) return;
    const bool is_any_renewed =
        std::ranges::find(outcomes_, Kind::renewed, &RenewalOutcome::kind) != outcomes_.end();
    try {
        if (is_any_renewed)
            deploy(environment_, name_, plan, progress_);
        else
            deploy_earlier(plan);
    } catch (const Failure& failure) {
        if (is_any_renewed)
            LineageFactStore(environment_.state, name_)
                .note({environment_.clock.now(), issuer_of(name_, plan).directory_url, failure});
        fail_to_deploy(is_any_renewed ? Kind::renewed : Kind::not_due, failure);
    }
}

/// A certificate that its users have not learnt of is not renewed yet.
void LineageRenewal::fail_to_deploy(Kind concerned, const Failure& failure) {
    bool is_told = false;
    for (auto& outcome : outcomes_) {
        if (outcome.kind != concerned) continue;
        outcome = {.lineage = name_,
                   .key_type = outcome.key_type,
                   .kind = Kind::failed,
                   .due_at = {},
                   .certificate = {},
                   .failure = failure};
        is_told = true;
    }
    if (!is_told) fail(std::nullopt, failure);
}

/// Lets targets learn of what an earlier run has put in place.
void LineageRenewal::deploy_earlier(const CertificatePlan& plan) {
    LineageFactStore(environment_.state, name_)
        .attempt(environment_.clock, issuer_of(name_, plan).directory_url, [&] {
            deploy(environment_, name_, plan, progress_);
            return true;
        });
    for (auto& outcome : outcomes_)
        if (outcome.kind == Kind::not_due) outcome.kind = Kind::deployed;
}

DueTime LineageRenewal::due_time_of(const LineageMember& member, const CertificatePlan& plan,
                                    const Generation& standing) {
    const auto now = environment_.clock.now();
    if (options_.force == RenewalForce::always) return {now, DueReason::asked_for};
    const auto facts = advised_facts(member, plan, standing);
    auto due = due_time(plan, member, standing, facts);
    if (facts.advice) next_action_ = std::min(next_action_, facts.advice->next_question);
    // These do not wait for a time.
    if (due.reason == DueReason::revoked || due.reason == DueReason::plan_changed)
        due.at = std::min(due.at, now);
    return due;
}

LineageFacts LineageRenewal::advised_facts(const LineageMember& member, const CertificatePlan& plan,
                                           const Generation& standing) {
    const auto& certificate = standing.chain.front();
    const auto now = environment_.clock.now();
    const LineageFactStore store(environment_.state, member);
    auto facts = store.read();
    if (!facts) throw Failure(fmt::format("renew {}", name_.text()), facts.error().message);
    const auto identifier = renewal_identifier(certificate);
    const bool is_to_go = facts->revocation_of(digest_of(certificate)).has_value() ||
                          shortfall_of(standing, member, plan, *facts).has_value();
    if (!identifier || is_to_go || !may_ask(facts->advice, *identifier, now))
        return std::move(*facts);
    const auto& issuer = facts->issuing_authority(plan);
    auto answer = fetch_renewal_window(
        environment_.sessions.with(issuer.directory_url, issuer.root_file, plan.account),
        certificate);
    const bool is_known = facts->advice && facts->advice->certificate == *identifier;
    // What a CA has said once holds until it says otherwise.
    if (!answer.window && is_known) answer.window = facts->advice->window;
    facts->advice = RenewalAdvice{*identifier, answer.window, now + answer.ask_again_in};
    // That a CA says nothing at all is not worth a write for each of its certificates.
    if (answer.was_asked) unkept_advice_ = facts->advice;
    return std::move(*facts);
}

void LineageRenewal::keep_advice(const LineageMember& member) {
    if (!unkept_advice_) return;
    LineageFactStore(environment_.state, member).change([&](LineageFacts& facts) {
        facts.advice = unkept_advice_;
    });
    unkept_advice_.reset();
}

void LineageRenewal::keep_advice_if_possible(const LineageMember& member) noexcept try {
    keep_advice(member);
} catch (const std::exception&) {
    // What the CA has said it says again.
}

void LineageRenewal::note_hastening(const LineageMember& member,
                                    const pki::Certificate& certificate) {
    const auto now = environment_.clock.now();
    if (now >= due_by_lifetime(certificate)) return;
    LineageFactStore(environment_.state, member).change([&](LineageFacts& facts) {
        facts.hastening = Hastening{digest_of(certificate), now};
        if (unkept_advice_) facts.advice = unkept_advice_;
    });
    unkept_advice_.reset();
}

Authority LineageRenewal::issuer_of(const LineageMember& member,
                                    const CertificatePlan& plan) const {
    const auto facts = LineageFactStore(environment_.state, member).read();
    return facts ? facts->issuing_authority(plan) : plan.preferred_authority();
}

}  // namespace cairn::client
