#include "ca/work/quorum_validator.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/shortage.h"
#include "ca/rules/quorum.h"

namespace cairn::ca {
namespace asio = boost::asio;

using protocol::Problem;
using protocol::ProblemType;
using std::chrono::steady_clock;

namespace {

/// Who usually answers is waited for at least and at most so long once the outcome is certain.
constexpr base::Milliseconds least_grace{50};
constexpr base::Milliseconds most_grace{1000};

/// A question that a perspective may still be asked when whoever lent its parts has gone.
struct KeptQuestion {
    explicit KeptQuestion(const Validator::Question& lent)
        : caa_identities(lent.caa_identities.begin(), lent.caa_identities.end()),
          issuer_names(lent.issuer_names.begin(), lent.issuer_names.end()),
          question(lent) {
        question.caa_identities = caa_identities;
        question.issuer_names = issuer_names;
    }
    KeptQuestion(const KeptQuestion&) = delete;
    KeptQuestion& operator=(const KeptQuestion&) = delete;

    const std::vector<std::string> caa_identities, issuer_names;
    Validator::Question question;
};

/// What is known of one seat's vote.
struct SeatFinding {
    const RemotePerspective* remote;
    const Seat* seat;
    std::optional<Evidence> evidence{};
    /// Its answer could be used; otherwise `evidence` says why there is none.
    bool has_answered = false;
    std::optional<base::Seconds> reliable_for{};
    Validator::Failure::Outlook outlook = Validator::Failure::Outlook::may_heal;
    steady_clock::duration duration{};
    /// What this CA lacked to ask it, if that is why it has not answered.
    std::exception_ptr shortage{};

    [[nodiscard]] bool is_proof() const { return has_answered && !evidence->problem; }
};

/// One validation as its perspectives share it; used on one executor.
struct Poll {
    Poll(const base::Executor& executor, std::shared_ptr<const Panel> of_panel,
         const Validator::Question& of_question, QuorumValidator::Context its_context)
        : panel(std::move(of_panel)),
          kept(of_question),
          context(its_context),
          begun(context.clock.now()),
          started(steady_clock::now()),
          changed(executor) {
        for (const auto& remote : panel->remotes)
            for (const auto& seat : remote.seats) seats.push_back({&remote, &seat});
    }

    /// `reason`: for the operator alone, since it may name what only he is to know.
    [[nodiscard]] Evidence silence(const Seat& seat, std::string reason) const {
        return {.perspective = seat.name,
                .begun = begun,
                .ended = context.clock.now(),
                .steps = {std::move(reason)},
                .problem = Problem(ProblemType::server_internal, "no answer"),
                .region = seat.region};
    }
    /// Counts and logs what a seat said, once both it and the CA's own finding are there.
    void tell(const SeatFinding& finding) const;
    void note_answer(const RemotePerspective& remote, const Validator::Answer& answer);
    void note_silence(const RemotePerspective& remote, const std::string& reason,
                      const std::exception_ptr& shortage);

    const std::shared_ptr<const Panel> panel;
    const KeptQuestion kept;
    const QuorumValidator::Context context;
    const base::Time begun;
    const steady_clock::time_point started;
    std::vector<SeatFinding> seats;
    /// Whether the CA itself saw the proof; none: not known yet.
    std::optional<bool> own_proof;
    /// The outcome was given already.
    bool is_over = false;
    asio::steady_timer changed;  ///< is cancelled when something of this changes
};

void Poll::tell(const SeatFinding& finding) const {
    using Vote = Observer::Vote;
    const bool differs = finding.has_answered && finding.is_proof() != *own_proof;
    const auto vote = !finding.has_answered ? Vote::silent
                      : differs             ? Vote::differed
                                            : Vote::agreed;
    context.observer.perspective_voted(finding.seat->name, vote, finding.duration);
    const auto& evidence = *finding.evidence;
    if (vote == Vote::silent)
        context.log.warning("perspective without answer",
                            {{"perspective", finding.seat->name},
                             {"identifier", kept.question.identifier.value()},
                             {"reason", evidence.step_list()}});
    if (vote == Vote::differed)
        context.log.warning(
            "perspective disagrees",
            {{"perspective", finding.seat->name},
             {"region", to_string(finding.seat->region)},
             {"identifier", kept.question.identifier.value()},
             {"method", to_string(kept.question.method)},
             {"local", *own_proof ? "valid" : "invalid"},
             {"remote", finding.is_proof() ? "valid" : to_string(evidence.problem->type)},
             {"detail", finding.is_proof() ? "" : evidence.problem->detail},
             {"late", is_over}});
}

void Poll::note_answer(const RemotePerspective& remote, const Validator::Answer& answer) {
    for (auto& finding : seats) {
        if (finding.remote != &remote) continue;
        finding.duration = steady_clock::now() - started;
        const auto own =
            std::ranges::find(answer.evidence, finding.seat->name, &Evidence::perspective);
        if (own == answer.evidence.end()) {
            finding.evidence = silence(*finding.seat, "it is not in the answer of " + remote.name);
        } else if (own->problem && own->problem->type == ProblemType::server_internal) {
            finding.evidence = silence(*finding.seat, own->step_list());
        } else {
            finding.evidence = *own;
            finding.evidence->region = finding.seat->region;
            finding.has_answered = true;
            finding.reliable_for = answer.reliable_for;
            if (answer.failure) finding.outlook = answer.failure->outlook;
        }
        if (own_proof) tell(finding);
    }
    changed.cancel();
}

void Poll::note_silence(const RemotePerspective& remote, const std::string& reason,
                        const std::exception_ptr& shortage) {
    for (auto& finding : seats) {
        if (finding.remote != &remote) continue;
        finding.shortage = shortage;
        finding.duration = steady_clock::now() - started;
        finding.evidence = silence(*finding.seat, reason);
        if (own_proof) tell(finding);
    }
    changed.cancel();
}

// Ends by the bound that the remote validator keeps.
base::Task<void> ask(std::shared_ptr<Poll> poll, const RemotePerspective& remote) {
    try {
        auto asking = remote.validator->validate(poll->kept.question);
        const auto answer = co_await std::move(asking);
        remote.is_responsive->store(true, std::memory_order_relaxed);
        poll->note_answer(remote, answer);
    } catch (const std::exception& error) {
        const bool is_own_lack = base::shortage_in(std::current_exception()).has_value();
        remote.is_responsive->store(is_own_lack, std::memory_order_relaxed);
        poll->note_silence(remote, error.what(),
                           is_own_lack ? std::current_exception() : std::exception_ptr());
    }
}

/// Decides by what a poll holds.
class Count {
  public:
    Count(const QuorumRule& rule, const Poll& poll) : rule_(rule), poll_(poll) {}

    [[nodiscard]] Quorum quorum() const {
        std::vector<Vote> votes;
        for (const auto& finding : poll_.seats)
            votes.push_back({finding.seat->region, !finding.evidence    ? Ballot::open
                                                   : finding.is_proof() ? Ballot::corroborates
                                                                        : Ballot::withheld});
        return quorum_of(rule_, votes);
    }
    [[nodiscard]] bool is_certain() const { return !*poll_.own_proof || quorum() != Quorum::open; }
    [[nodiscard]] bool is_complete() const {
        return std::ranges::all_of(
            poll_.seats, [](const auto& finding) { return finding.evidence.has_value(); });
    }
    /// Whether somebody who usually answers has not yet.
    [[nodiscard]] bool is_answer_likely() const {
        return std::ranges::any_of(poll_.seats, [](const auto& finding) {
            return !finding.evidence &&
                   finding.remote->is_responsive->load(std::memory_order_relaxed);
        });
    }
    [[nodiscard]] std::size_t corroborations() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            poll_.seats, [](const auto& finding) { return finding.is_proof(); }));
    }

  private:
    const QuorumRule& rule_;
    const Poll& poll_;
};

base::Task<void> collect(Poll& poll, const QuorumRule& rule) {
    const Count count(rule, poll);
    const auto deadline = poll.started + poll.panel->deadline;
    std::optional<steady_clock::time_point> patience;
    while (!count.is_complete()) {
        const auto now = steady_clock::now();
        auto until = deadline;
        if (count.is_certain()) {
            if (!count.is_answer_likely()) co_return;
            if (!patience)
                patience =
                    now +
                    std::clamp(std::chrono::duration_cast<base::Milliseconds>(now - poll.started),
                               least_grace, most_grace);
            until = std::min(until, *patience);
        }
        if (now >= until) co_return;
        poll.changed.expires_at(until);
        (void)co_await poll.changed.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

// Who was not heard by now, or is none of the CA's perspectives any more, has no vote.
void close(Poll& poll, const Panel& present) {
    for (auto& finding : poll.seats) {
        const bool is_present =
            std::ranges::any_of(present.remotes, [&](const RemotePerspective& remote) {
                return remote.validator == finding.remote->validator;
            });
        if (!is_present) {
            finding.evidence = poll.silence(*finding.seat, "it was removed meanwhile");
            finding.has_answered = false;
        }
    }
}

// What is written down of those that have not answered when all is decided.
std::vector<Evidence> evidence_of(const Poll& poll) {
    std::vector<Evidence> all;
    for (const auto& finding : poll.seats)
        all.push_back(
            finding.evidence
                ? *finding.evidence
                : poll.silence(*finding.seat, "it had not answered when the others had decided"));
    return all;
}

Validator::Failure missed_quorum(const Poll& poll, const QuorumRule& rule) {
    using Outlook = Validator::Failure::Outlook;
    const auto total = poll.seats.size();
    const auto wanted = total - std::min(total, rule.dissent);
    const auto found = Count(rule, poll).corroborations();
    const bool is_about_control = poll.kept.question.aim == Validator::Aim::control_and_caa;
    std::string detail = std::string("this CA itself saw ") +
                         (is_about_control ? "the proof" : "that CAA records permit it") +
                         ", but of " + std::to_string(total) +
                         " remote network perspectives only " + std::to_string(found) +
                         " did, where " + std::to_string(wanted) + " have to";
    if (rule.regions > 1) detail += ", in " + std::to_string(rule.regions) + " regions";
    const SeatFinding* first = nullptr;
    Outlook outlook = Outlook::may_heal;
    for (const auto& finding : poll.seats) {
        if (!finding.has_answered || finding.is_proof()) continue;
        if (first == nullptr) first = &finding;
        if (finding.outlook == Outlook::final) outlook = Outlook::final;
    }
    // What perspectives found is about the identifier; that they did not answer is not.
    if (first == nullptr)
        return {.problem = Problem(ProblemType::server_internal,
                                   detail + ", since others did not answer; try again later"),
                .outlook = Outlook::may_heal};
    return {.problem = Problem(
                first->evidence->problem->type,
                detail + "; " + first->seat->name + " found: " + first->evidence->problem->detail),
            .outlook = outlook};
}

// If nobody saw anything against the proof, and this CA could not ask all.
void rethrow_shortage(const Poll& poll) {
    const bool is_refuted = std::ranges::any_of(poll.seats, [](const auto& finding) {
        return finding.has_answered && !finding.is_proof();
    });
    if (is_refuted) return;
    for (const auto& finding : poll.seats)
        if (finding.shortage) std::rethrow_exception(finding.shortage);
}

std::optional<base::Seconds> shorter(std::optional<base::Seconds> one,
                                     std::optional<base::Seconds> other) {
    if (!one || !other) return one ? one : other;
    return std::min(*one, *other);
}

Problem too_few_perspectives(std::size_t seats, std::size_t demanded) {
    return {ProblemType::server_internal,
            "this CA has " + std::to_string(seats) +
                " remote network perspectives, where the Baseline Requirements demand " +
                std::to_string(demanded) + " (section 3.2.2.9); its operator must add some"};
}

}  // namespace

base::Task<Validator::Answer> QuorumValidator::validate(Question question) {
    auto panel = context_.perspectives.panel();
    const auto seats = panel->seats();
    QuorumRule rule{.dissent = panel->dissent.value_or(usual_dissent(seats)),
                    .regions = panel->regions};
    if (kind_ == PolicyKind::public_ca) {
        const auto demanded = corroboration_demanded(context_.clock.now());
        rule = {.dissent = demanded.is_enforced ? usual_dissent(seats) : seats,
                .regions = demanded.regions};
        if (demanded.is_enforced && seats < demanded.remotes) {
            auto own = primary_.validate(std::move(question));
            auto answer = co_await std::move(own);
            if (!answer.failure)
                answer.failure = Failure{.problem = too_few_perspectives(seats, demanded.remotes),
                                         .outlook = Failure::Outlook::may_heal};
            co_return answer;
        }
    }
    if (seats == 0) {
        auto own = primary_.validate(std::move(question));
        co_return co_await std::move(own);
    }

    const auto executor = co_await asio::this_coro::executor;
    const auto poll = std::make_shared<Poll>(executor, std::move(panel), question, context_);
    for (const auto& remote : poll->panel->remotes)
        base::start(executor, ask(poll, remote), [poll](const std::exception_ptr&) {});
    auto own = primary_.validate(std::move(question));
    auto answer = co_await std::move(own);
    poll->own_proof = !answer.failure;
    for (const auto& finding : poll->seats)
        if (finding.evidence) poll->tell(finding);
    auto collecting = collect(*poll, rule);
    co_await std::move(collecting);

    close(*poll, *context_.perspectives.panel());
    poll->is_over = true;
    if (!answer.failure) {
        const bool is_reached = Count(rule, *poll).quorum() == Quorum::reached;
        context_.observer.quorum_decided(is_reached);
        if (!is_reached) {
            // What this CA lacks is no finding: it is tried again (ADR 27).
            rethrow_shortage(*poll);
            answer.failure = missed_quorum(*poll, rule);
        }
        for (const auto& finding : poll->seats)
            if (finding.is_proof())
                answer.reliable_for = shorter(answer.reliable_for, finding.reliable_for);
    }
    std::ranges::move(evidence_of(*poll), std::back_inserter(answer.evidence));
    co_return answer;
}

}  // namespace cairn::ca
