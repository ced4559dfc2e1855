#include "ca/validation.h"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

namespace cairn::ca {

using protocol::AuthorizationStatus;
using protocol::Problem;
using protocol::ProblemType;

namespace {

base::Task<std::vector<std::string>> unfinished(OrderStore& store, std::size_t limit) {
    std::vector<std::string> ids;
    for (const auto& id : co_await store.claim_unfinished_validations(limit))
        ids.push_back(id.to_string());
    co_return ids;
}

Problem other_attempt() {
    return {ProblemType::malformed, "another challenge of this authorization is being validated"};
}

Problem could_not_validate() {
    return {ProblemType::server_internal, "the CA could not carry out the validation"};
}

}  // namespace

Validation::Validation(Repository& repository, Validator& validator, const Profiles& profiles,
                       const base::Clock& clock, std::function<base::Executor()> next_executor,
                       base::Announcements& announcements, base::Log& log, Observer& observer)
    : repository_(repository),
      validator_(validator),
      profiles_(profiles),
      clock_(clock),
      announcements_(announcements),
      log_(log),
      observer_(observer),
      attempts_(announcements),
      queue_(
          {.name = "validation", .queue = Observer::Queue::validation}, std::move(next_executor),
          [this](const std::string& id) { return carry_out(*AuthorizationId::from_text(id)); },
          [this](const std::string& id) { return give_up(*AuthorizationId::from_text(id)); },
          [this](std::size_t limit) { return unfinished(repository_, limit); }, log, observer) {}

void Validation::start() {
    queue_.start();
}
void Validation::stop(base::Milliseconds patience) {
    queue_.stop(patience);
}

base::Task<Validation::Attempts::Handle> Validation::begin(Authorization authorization,
                                                           Account account,
                                                           protocol::ChallengeType method,
                                                           Cause cause) {
    const auto now = clock_.now();
    const auto status = authorization.status(now);
    if (authorization.attempt && authorization.attempt->method == method &&
        (status == AuthorizationStatus::pending || status == AuthorizationStatus::valid))
        co_return nullptr;  // under way, or valid: the client asks again what it has
    if (status != AuthorizationStatus::pending)
        throw Problem(ProblemType::malformed, "the authorization is " +
                                                  std::string(to_string(status)) +
                                                  "; a new order gives a new one");
    if (authorization.attempt) throw other_attempt();
    const auto id = authorization.id;
    authorization.attempt =
        ValidationAttempt{.method = method, .started = now, .request = cause.request};
    const auto beginning =
        attempts_.begin(id, {std::move(authorization), std::move(account)}, cause.received);
    const auto& attempt = beginning.undertaking;
    if (attempt->facts.authorization.attempt->method != method) throw other_attempt();
    if (!beginning.is_new) co_return attempt;
    const auto here = co_await boost::asio::this_coro::executor;
    if (queue_.submit(id.to_string(), here)) co_return attempt;
    attempts_.withdraw(id);  // no room, or the last attempt is just ending
    co_return nullptr;
}

bool Validation::is_under_way(const AuthorizationId& id) const {
    return attempts_.find(id) != nullptr;
}

std::optional<Authorization> Validation::outcome(const Attempts::Handle& attempt) const {
    return attempts_.result_of(attempt);
}

base::Task<void> Validation::record(AuthorizationId id, protocol::ChallengeType method,
                                    Cause cause) {
    ValidationAttempt attempt{
        .method = method, .started = clock_.now(), .request = std::move(cause.request)};
    if (const auto begun = attempts_.find(id)) attempt = *begun->facts.authorization.attempt;
    co_await repository_.begin_validation(id, std::move(attempt));
}

base::Task<void> Validation::carry_out(AuthorizationId id) {
    Attempts::Job job(attempts_, id);
    std::optional<Authorization> authorization;
    std::optional<Account> account;
    if (const auto begun = attempts_.find(id)) {
        authorization = begun->facts.authorization;
        if (begun->is_young()) account = begun->facts.account;
    } else {  // it was recorded, and this is another time or node
        authorization = co_await repository_.find_authorization(id);
    }
    if (!authorization || authorization->deactivated) co_return;
    if (!account) account = co_await repository_.find_account(authorization->account);
    const auto& attempt = authorization->attempt;
    if (!attempt || attempt->finished) co_return;
    const auto method = attempt->method;

    std::optional<Problem> problem;
    if (!account || account->deactivated) {
        problem.emplace(ProblemType::unauthorized, "the account was deactivated");
    } else {
        // The account's present key: after a rollover, what was prepared with the old key fails
        // (RFC 8555 section 7.3.5).
        Validator::Question question{.method = method,
                                     .identifier = authorization->identifier,
                                     .token = authorization->token,
                                     .key_authorization = key_authorization(
                                         authorization->token, account->key.thumbprint())};
        const auto from = std::chrono::steady_clock::now();
        std::string seen;
        try {
            auto outcome = co_await validator_.validate(std::move(question));
            if (!outcome) problem = std::move(outcome.error());
            if (outcome)
                for (const auto& step : *outcome) seen += (seen.empty() ? "" : "; ") + step;
        } catch (const boost::system::system_error&) {
            throw;  // cancelled
        } catch (const std::exception& error) {
            log_.error("validator failed",
                       {{"authorization", id.to_string()}, {"error", error.what()}});
            problem = could_not_validate();
        }
        observer_.validated(method, problem ? std::optional(problem->type) : std::nullopt,
                            std::chrono::steady_clock::now() - from);
        log_.info("validation", {{"request", attempt->request},
                                 {"authorization", id.to_string()},
                                 {"account", authorization->account.to_string()},
                                 {"identifier", authorization->identifier.value()},
                                 {"method", to_string(method)},
                                 {"outcome", problem ? to_string(problem->type) : "valid"},
                                 {"detail", problem ? problem->detail : seen}});
    }
    const auto now = clock_.now();
    const auto expires = now + profiles_.find("")->reuse_lifetime;
    const bool is_valid = !problem;
    authorization->attempt = attempt->ended(now, std::move(problem));
    const bool is_written =
        co_await repository_.finish_validation(id, *authorization->attempt, expires);
    if (!is_written) co_return;
    if (is_valid) authorization->expires = expires;
    job.set_result(*std::move(authorization));
}

base::Task<void> Validation::give_up(AuthorizationId id) {
    // What was not recorded was promised to nobody.
    const auto authorization = co_await repository_.find_authorization(id);
    if (!authorization || !authorization->attempt) co_return;
    const auto now = clock_.now();
    co_await repository_.finish_validation(
        id, authorization->attempt->ended(now, could_not_validate()), now);
    announcements_.announce(id.to_string());
}

}  // namespace cairn::ca
