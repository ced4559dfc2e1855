#include "ca/work/validation.h"

#include <algorithm>

#include <boost/asio/this_coro.hpp>

#include "ca/rules/validation_target.h"
#include "ca/work/ordering.h"

namespace cairn::ca {

using protocol::AuthorizationStatus;
using protocol::Problem;
using protocol::ProblemType;

namespace {

/// How many tries of one attempt a problem lists as subproblems.
constexpr std::size_t most_tries_told = 10;
/// Retry-After for a client that is over its share of validations.
constexpr base::Seconds come_again{10};

// An attempt as the queue sees it: its account, and the host that it puts load on.
QueuedJob job_of(const AuthorizationId& id, const AccountId& account,
                 const protocol::Identifier& identifier) {
    return {.id = id.to_string(),
            .owner = account.to_string(),
            .target = validation_target(identifier)};
}

base::Task<std::vector<QueuedJob>> unfinished(OrderStore& store, std::size_t limit) {
    std::vector<QueuedJob> jobs;
    for (const auto& found : co_await store.claim_unfinished_validations(limit))
        jobs.push_back(job_of(found.id, found.account, found.identifier));
    co_return jobs;
}

Problem not_offered_any_more(protocol::ChallengeType method) {
    return {ProblemType::malformed, "this CA does not take " + std::string(to_string(method)) +
                                        " any more; a new order gives a new authorization"};
}

Problem other_attempt() {
    return {ProblemType::malformed, "another challenge of this authorization is being validated"};
}

// Why an authorization that is neither valid nor waits for this challenge cannot be attempted.
std::optional<Problem> attempt_refusal(const Authorization& authorization, base::Time now) {
    const auto refused = [](const std::string& why) {
        return Problem(ProblemType::malformed, why + "; a new order gives a new authorization");
    };
    if (authorization.deactivated) return refused("the authorization was deactivated");
    const auto& attempt = authorization.attempt;
    if (attempt && !attempt->finished) return other_attempt();
    if (attempt && attempt->problem) {
        // The cause, as the challenge that failed shows it.
        auto problem = refused("the authorization is invalid, because its " +
                               std::string(to_string(attempt->method)) +
                               " challenge failed: " + attempt->problem->detail);
        problem.subproblems.push_back({attempt->problem->type, attempt->problem->detail, {}});
        return problem;
    }
    if (now >= authorization.expires)
        return refused("the authorization expired at " + base::to_rfc3339(authorization.expires));
    return std::nullopt;
}

// Of an expired authorization that was valid, nothing is answered but its status.
bool has_lapsed(const Authorization& authorization, base::Time now) {
    return authorization.status(now) == AuthorizationStatus::expired;
}

bool is_recorded_under_way(const Authorization& authorization) {
    return authorization.attempt && !authorization.attempt->finished && !authorization.deactivated;
}

Problem too_many_of_the_account() {
    Problem problem(ProblemType::rate_limited,
                    "too many validations of this account are under way; they have to end first");
    problem.retry_after = come_again;
    return problem;
}

Problem too_many() {
    Problem problem(ProblemType::server_internal,
                    "too many validations are under way; try again later", 503);
    problem.retry_after = come_again;
    return problem;
}

// `problem` with the tries before it, and itself, as subproblems, if there were any before.
Problem with_former_tries(Problem problem, const std::optional<Problem>& former) {
    if (!former) return problem;
    auto tries = former->subproblems;
    if (tries.empty()) tries.push_back({former->type, former->detail, {}});
    tries.push_back({problem.type, problem.detail, {}});
    if (tries.size() > most_tries_told) tries.erase(tries.begin(), tries.end() - most_tries_told);
    problem.subproblems = std::move(tries);
    return problem;
}

Problem could_not_validate() {
    return {ProblemType::server_internal, "the CA could not carry out the validation"};
}

}  // namespace

Validation::Validation(Options options, Repository& repository, Validator& validator,
                       const Profiles& profiles, RateLimits& limits, const base::Clock& clock,
                       std::function<base::Executor()> next_executor,
                       base::Announcements& announcements, base::Log& log, Observer& observer)
    : options_(options),
      repository_(repository),
      inquiry_(options.inquiry, validator, clock, log, observer),
      profiles_(profiles),
      limits_(limits),
      clock_(clock),
      announcements_(announcements),
      log_(log),
      attempts_(announcements),
      queue_(
          {.name = "validation",
           .queue = Observer::Queue::validation,
           .parallel = options.in_flight,
           .waiting = options.waiting},
          std::move(next_executor),
          [this](const std::string& id) { return carry_out(*AuthorizationId::from_text(id)); },
          [this](const std::string& id) { return give_up(*AuthorizationId::from_text(id)); },
          [this](std::size_t limit) { return unfinished(repository_, limit); }, log, observer) {}

void Validation::start() {
    queue_.start();
}
void Validation::stop(base::Milliseconds patience) {
    queue_.stop(patience);
}

base::Task<Authorization> Validation::respond(Authorization authorization, Account account,
                                              protocol::ChallengeType method,
                                              RequestContext context, base::Milliseconds patience) {
    const auto id = authorization.id;
    const auto owner = account.id;
    const bool was_under_way = is_recorded_under_way(authorization);
    // Taken first, so that no end is missed.
    auto ticket = announcements_.ticket(co_await boost::asio::this_coro::executor, id.to_string());
    const auto attempt =
        co_await begin(std::move(authorization), std::move(account), method, context);
    if (was_under_way || attempts_.find(id)) co_await ticket.wait(patience);
    if (auto outcome = attempts_.result_of(attempt)) co_return *std::move(outcome);
    auto now = co_await present(id, owner);
    if (now.attempt || now.deactivated) co_return now;
    co_await record(id, method, std::move(context));
    co_return co_await present(id, owner);
}

base::Task<Authorization> Validation::settled(Authorization authorization,
                                              base::Milliseconds patience) {
    if (!is_under_way(authorization)) co_return authorization;
    const auto id = authorization.id;
    const auto owner = authorization.account;
    auto ticket = announcements_.ticket(co_await boost::asio::this_coro::executor, id.to_string());
    // Read again: it may have ended between the first reading and the ticket.
    authorization = co_await present(id, owner);
    if (!is_under_way(authorization)) co_return authorization;
    co_await ticket.wait(patience);
    co_return co_await present(id, owner);
}

base::Task<Authorization> Validation::present(AuthorizationId id, AccountId account) {
    auto found = co_await repository_.find_authorization(id);
    co_return Ordering::require_own(std::move(found), account);
}

base::Task<Validation::Attempts::Handle> Validation::begin(Authorization authorization,
                                                           Account account,
                                                           protocol::ChallengeType method,
                                                           RequestContext context) {
    const auto now = clock_.now();
    if (authorization.status(now) == AuthorizationStatus::valid) co_return nullptr;
    const auto& former = authorization.attempt;
    if (former && former->method == method && !authorization.deactivated &&
        !has_lapsed(authorization, now))
        co_return nullptr;  // under way, or failed: the client asks again what it has
    if (auto refusal = attempt_refusal(authorization, now)) throw std::move(*refusal);
    if (!options_.challenges.contains(method)) throw not_offered_any_more(method);
    const bool may_have_failed = co_await require_few_failures(authorization, context);
    const auto id = authorization.id;
    auto job = job_of(id, account.id, authorization.identifier);
    authorization.attempt =
        ValidationAttempt{.method = method, .started = now, .request = context.request};
    const auto beginning = attempts_.begin(
        id, {std::move(authorization), std::move(account), may_have_failed}, context.received);
    const auto& attempt = beginning.job;
    if (attempt->facts.authorization.attempt->method != method) throw other_attempt();
    if (!beginning.is_new) co_return attempt;
    job.place = co_await boost::asio::this_coro::executor;
    const auto submission = queue_.submit(std::move(job));
    if (submission == JobQueue::Submission::taken) co_return attempt;
    attempts_.withdraw(id);
    if (submission == JobQueue::Submission::owner_full) throw too_many_of_the_account();
    if (submission == JobQueue::Submission::full) throw too_many();
    co_return nullptr;  // the queue stops, or the last attempt is just ending
}

base::Task<bool> Validation::require_few_failures(const Authorization& authorization,
                                                  const RequestContext& context) {
    const auto& limits = limits_.limits();
    auto charges = validation_checks(limits, authorization.account, authorization.identifier);
    const auto checks = charges.size();
    for (auto& charge : failure_charges(limits, authorization.account, authorization.identifier))
        if (limit_of(charge) == LimitName::consecutive_failures_per_account_and_name)
            charges.push_back(std::move(charge));
    if (charges.empty()) co_return false;
    const auto decision = co_await repository_.look(charges, context.time);
    // A bucket of consecutive failures without room means: paused, or paused until just now.
    if (!decision.accepted && *decision.refused_by < checks)
        limits_.refuse(charges, decision, context);
    co_return tells_of_failures(charges, decision);
}

base::Task<bool> Validation::finish(const Authorization& authorization, base::Time expires,
                                    Charges charges) {
    const auto& attempt = *authorization.attempt;
    auto finishing = repository_.finish_validation(authorization.id, attempt, expires, charges);
    auto end = co_await std::move(finishing);
    const bool is_last = attempt.problem && is_last_failure(charges, end.decision);
    // The failure is recorded even if the limit has no room left to count it (ADR 42).
    if (!end.decision.accepted) {
        auto uncounted = repository_.finish_validation(authorization.id, attempt, expires);
        end = co_await std::move(uncounted);
    }
    if (!is_last) co_return end.is_recorded;
    const auto pause =
        pause_charges(limits_.limits(), authorization.account, authorization.identifier);
    co_await repository_.charge(pause, *attempt.finished);
    log_.warning("account paused for a name",
                 {{"request", attempt.request},
                  {"account", authorization.account.to_string()},
                  {"identifier", authorization.identifier.base_value()}});
    co_return end.is_recorded;
}

bool Validation::is_under_way(const Authorization& authorization) const {
    return is_recorded_under_way(authorization) || attempts_.find(authorization.id);
}

base::Task<void> Validation::record(AuthorizationId id, protocol::ChallengeType method,
                                    RequestContext context) {
    ValidationAttempt attempt{
        .method = method, .started = clock_.now(), .request = std::move(context.request)};
    if (const auto begun = attempts_.find(id)) attempt = *begun->facts.authorization.attempt;
    co_await repository_.begin_validation(id, std::move(attempt));
}

base::Task<std::optional<Validation::Subject>> Validation::subject_of(AuthorizationId id) {
    std::optional<Subject> subject;
    const auto begun = attempts_.find(id);
    if (begun && begun->is_fresh()) {
        subject.emplace(begun->facts.authorization, begun->facts.account);
        co_return subject;
    }
    // It waited in the queue, was recorded in the store, or began in another process.
    auto authorization = co_await repository_.find_authorization(id);
    if (!authorization || authorization->deactivated) co_return std::nullopt;
    if (!authorization->attempt && begun)
        authorization->attempt = begun->facts.authorization.attempt;
    if (!authorization->attempt || authorization->attempt->finished) co_return std::nullopt;
    auto account = co_await repository_.find_account(authorization->account);
    subject.emplace(std::move(*authorization), std::move(account));
    co_return subject;
}

std::optional<base::Seconds> Validation::pause_before_retry(
    const Authorization& authorization) const {
    const auto now = clock_.now();
    const auto started = authorization.attempt->started;
    const auto end = std::min(started + options_.retry_for, authorization.expires);
    if (now >= end) return std::nullopt;
    return std::min(retry_pause(now - started), end - now);
}

base::Task<JobQueue::Again> Validation::carry_out(AuthorizationId id) {
    Attempts::Job job(attempts_, id);
    auto subject = co_await subject_of(id);
    if (!subject) co_return std::nullopt;
    auto& [authorization, account] = *subject;
    const auto begun = attempts_.find(id);
    const bool may_have_failed = !begun || begun->facts.may_have_failed;
    Inquiry::Finding finding;
    if (!account || account->deactivated)
        finding.failure.emplace(Problem(ProblemType::unauthorized, "the account was deactivated"));
    else
        finding = co_await inquiry_.ask(authorization, *account, Inquiry::Occasion::attempt);
    auto& failure = finding.failure;

    const auto attempt = *authorization.attempt;
    std::optional<Problem> problem;
    if (failure) problem = with_former_tries(std::move(failure->problem), attempt.problem);
    if (failure && failure->outlook == Validator::Failure::Outlook::may_heal) {
        if (const auto pause = pause_before_retry(authorization)) {
            auto tried = attempt;
            tried.problem = std::move(problem);
            const bool is_open =
                co_await repository_.note_failed_try(id, std::move(tried), clock_.now());
            co_return is_open ? JobQueue::Again(*pause) : std::nullopt;
        }
    }
    const auto now = clock_.now();
    const auto expires = proof_expiry(*profiles_.find(""), finding.reliable_for, now);
    const bool is_valid = !problem;
    const bool is_clients_doing = problem && problem->type != ProblemType::server_internal &&
                                  account && !account->deactivated;
    authorization.attempt = attempt.ended(now, std::move(problem));
    Charges charges;
    if (!is_valid && is_clients_doing)
        charges =
            failure_charges(limits_.limits(), authorization.account, authorization.identifier);
    else if (is_valid && may_have_failed)
        charges =
            success_charges(limits_.limits(), authorization.account, authorization.identifier);
    auto finishing = finish(authorization, expires, std::move(charges));
    const bool is_recorded = co_await std::move(finishing);
    if (!is_recorded) co_return std::nullopt;
    if (is_valid) authorization.expires = expires;
    job.set_result(std::move(authorization));
    co_return std::nullopt;
}

base::Task<void> Validation::give_up(AuthorizationId id) {
    // An attempt that was never recorded was never shown to a client.
    const auto authorization = co_await repository_.find_authorization(id);
    if (!authorization || !authorization->attempt) co_return;
    const auto now = clock_.now();
    auto finishing = repository_.finish_validation(
        id, authorization->attempt->ended(now, could_not_validate()), now);
    co_await std::move(finishing);
    announcements_.announce(id.to_string());
}

}  // namespace cairn::ca
