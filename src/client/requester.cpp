#include "client/requester.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "client/key_text.h"
#include "http/retry_after.h"
#include "protocol/jws.h"
#include "protocol/problem.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// What a CA can bear of one client; more would hardly make a run faster.
constexpr std::size_t max_requests_in_flight = 8;
/// A server may refuse good nonces on purpose (Pebble can refuse nine of ten); each refusal brings
/// the next nonce along, so trying again is cheap.
constexpr int max_refused_nonces = 100;
constexpr int max_lost_replies = 3;
constexpr int max_server_faults = 5;
/// How many questions that are asked once may stay unanswered in a row before no more are asked.
constexpr int max_unanswered_once = 3;
constexpr std::size_t max_excerpt = 200;
constexpr int too_many_requests = 429;
constexpr int not_implemented = 501;
constexpr int service_unavailable = 503;
constexpr int version_not_supported = 505;
constexpr milliseconds first_pause = 500ms;
/// For how long, once in a run, a CA that refuses connections is taken for one that is just
/// starting.
constexpr milliseconds listener_patience = 8s;
constexpr milliseconds listener_pause = 300ms;
/// The first pause where a limit does not say when it ends; each further one is twice as long.
constexpr milliseconds pause_of_unknown_limit = 10s;
/// Retry-After: 0 must not make a busy loop.
constexpr milliseconds shortest_pause = 100ms;

http::ClientOptions http_options(const SessionOptions& options) {
    http::ClientOptions result;
    result.user_agent = options.user_agent;
    result.fields = {{"Accept-Language", "en"}};  // RFC 8555 section 6.1
    result.root_file = options.root_file;
    result.allow_plain_http = options.plain_http == PlainHttp::allowed;
    return result;
}

bool refuses_nonce(const http::Reply& reply) {
    if (reply.status != 400) return false;
    const auto problem = protocol::Problem::from_json(base::bytes_of(reply.body));
    return problem && problem->type == protocol::ProblemType::bad_nonce;
}

bool asks_to_wait(const http::Reply& reply) {
    return reply.status == too_many_requests || reply.status == service_unavailable;
}

/// Whether the CA is busy altogether. A limit that it names in a problem document may be one for
/// certain names only.
bool is_overloaded(const http::Reply& reply) {
    if (!asks_to_wait(reply)) return false;
    const auto problem = protocol::Problem::from_json(base::bytes_of(reply.body));
    return !problem || problem->type != protocol::ProblemType::rate_limited;
}

/// Whether the same request may be answered otherwise a little later. A limit that does not say for
/// how long is met again by whoever asks for something new; who only waits for something may go on.
bool may_pass(int status, bool says_when, const Aim& aim, Persistence persistence) {
    if (status == too_many_requests)
        return says_when || (aim.phase != Phase::account && aim.phase != Phase::binding &&
                             aim.phase != Phase::order);
    return persistence == Persistence::usual && status >= 500 && status != not_implemented &&
           status != version_not_supported;
}

}  // namespace

/// One exchange with the CA, and how it failed if it did.
struct Requester::Exchange {
    base::Result<http::Reply> reply;
    bool was_refused = false;
    bool was_unanswered = false;
};

Requester::Requester(const SessionOptions& options, std::string host, const base::Clock& clock,
                     Timer& timer, crypto::Random& random)
    : options_(options),
      host_(std::move(host)),
      clock_(clock),
      timer_(timer),
      random_(random),
      connections_(http_options(options)),
      limiter_(timer, max_requests_in_flight) {}

template <class Request>
Requester::Exchange Requester::exchange(const std::string& what, Request request) {
    const auto connection = connections_.take();
    const auto began = timer_.now();
    Exchange result{request(connection.client())};
    if (options_.detail) tell_detail(what, result, began);
    if (!result.reply) {
        result.was_refused = connection.client().was_refused();
        result.was_unanswered = connection.client().was_unanswered();
        return result;
    }
    breaker_.note_answer();
    return result;
}

template <class Request>
Requester::Exchange Requester::exchange_for_nonce(const std::string& what, Request request) {
    auto result = exchange(what, std::move(request));
    if (result.reply) nonces_.add(result.reply->field("replay-nonce"));
    return result;
}

void Requester::tell_detail(const std::string& what, const Exchange& exchange,
                            Timer::TimePoint began) const {
    const auto came_back =
        exchange.reply ? std::to_string(exchange.reply->status) : exchange.reply.error().message;
    const auto took = std::chrono::duration_cast<milliseconds>(timer_.now() - began);
    options_.detail(fmt::format("{}: {} after {} ms", base::printable(what, max_excerpt),
                                base::printable(came_back, max_excerpt), took.count()));
}

http::Reply Requester::get(const std::string& url, const Aim& aim) {
    const auto place = limiter_.enter();
    return repeat(
        [&] {
            return exchange_for_nonce("GET " + url,
                                      [&](http::Client& client) { return client.get(url); });
        },
        aim, Persistence::usual);
}

http::Reply Requester::post(const Speaker& speaker, const std::string& url,
                            std::string_view payload, const std::string& new_nonce_url,
                            const Aim& aim, Persistence persistence) {
    const auto place = limiter_.enter();
    return repeat(
        [&] {
            const auto body = with_key_or_fail(aim, [&] {
                return protocol::make_jws(speaker.key,
                                          {.url = url,
                                           .nonce = take_nonce(new_nonce_url, aim),
                                           .kid = speaker.account_url},
                                          payload);
            });
            return exchange_for_nonce("POST " + url, [&](http::Client& client) {
                return client.post(url, "application/jose+json", body);
            });
        },
        aim, persistence);
}

std::expected<http::Reply, Failure> Requester::get_once(const std::string& url,
                                                        const Aim& aim) try {
    if (unanswered_once_ >= max_unanswered_once)
        return std::unexpected(
            Failure(aim, fmt::format("{} did not answer such questions before", host_)));
    const auto place = limiter_.enter();
    await_turn(aim, timer_.now() + options_.patience);
    auto result =
        exchange_for_nonce("GET " + url, [&](http::Client& client) { return client.get(url); });
    if (!result.reply) {
        ++unanswered_once_;
        return std::unexpected(Failure(aim, result.reply.error().message));
    }
    unanswered_once_ = 0;
    if (result.reply->status == 200) return std::move(*result.reply);
    const auto wait = retry_after(*result.reply);
    if (wait && asks_to_wait(*result.reply)) {
        if (*wait <= options_.patience)
            limiter_.hold_back(*wait);
        else
            unanswered_once_ = max_unanswered_once;
    }
    return std::unexpected(failure(*result.reply, aim, wait));
} catch (const Failure& failure) {
    return std::unexpected(failure);
}

http::Reply Requester::repeat(const Ask& ask, const Aim& aim, Persistence persistence) {
    const auto deadline = timer_.now() + options_.patience;
    const auto answers_before = breaker_.answers();
    int refused_nonces = 0;
    int lost_replies = 0;
    int server_faults = 0;
    for (;;) {
        if (timer_.is_stopped()) throw_interrupted();
        await_turn(aim, deadline);
        auto [reply, was_refused, was_unanswered] = ask();
        if (!reply) {
            if (was_refused && await_listener(deadline)) continue;
            // Before the CA has ever answered, a wrong host name is likelier than a bad moment.
            if (breaker_.answers() > 0 && ++lost_replies <= max_lost_replies) {
                timer_.wait(backoff(lost_replies));
                continue;
            }
            const Failure lost(aim, reply.error().message,
                               "check the CA's URL (--ca), its roots (--ca-root) and the network.");
            // If somebody else was answered meanwhile, the CA is there.
            if (was_unanswered && breaker_.answers() == answers_before) stop_asking(lost);
            throw lost;
        }
        if (reply->status >= 200 && reply->status < 300) return std::move(*reply);
        if (refuses_nonce(*reply) && ++refused_nonces <= max_refused_nonces) continue;

        const auto asked_wait = retry_after(*reply);
        if (!may_pass(reply->status, asked_wait.has_value(), aim, persistence) ||
            ++server_faults > max_server_faults)
            throw failure(*reply, aim, asked_wait);
        auto pause = asked_wait ? std::max<milliseconds>(*asked_wait, shortest_pause)
                                : backoff(server_faults);
        if (!asked_wait && reply->status == too_many_requests)
            pause = pause_of_unknown_limit * (1 << (server_faults - 1));
        if (timer_.now() + pause > deadline) {
            const auto refusal = failure(*reply, aim, asked_wait);
            if (asked_wait && is_overloaded(*reply)) stop_asking(refusal, timer_.now() + pause);
            throw refusal;
        }
        if (asked_wait && asks_to_wait(*reply))
            limiter_.hold_back(pause);
        else
            timer_.wait(pause);
    }
}

void Requester::await_turn(const Aim& aim, Timer::TimePoint deadline) {
    const bool is_released = limiter_.await_release(deadline);
    if (const auto outage = breaker_.outage(timer_.now()))
        throw Failure(aim, outage->came_back, outage->next);
    if (!is_released)
        throw Failure(aim,
                      fmt::format("{} asks again and again to wait before the next request", host_),
                      "try again later; the CA is busy.");
}

bool Requester::await_listener(Timer::TimePoint deadline) {
    bool is_first = false;
    {
        const std::scoped_lock lock(listener_mutex_);
        is_first = !listener_deadline_;
        if (is_first) listener_deadline_ = timer_.now() + listener_patience;
        if (timer_.now() >= std::min(*listener_deadline_, deadline)) return false;
    }
    if (is_first && options_.tell)
        options_.tell(
            fmt::format("Nobody listens at {} yet; trying for {} s.", host_,
                        std::chrono::duration_cast<base::Seconds>(listener_patience).count()));
    timer_.wait(listener_pause);
    return true;
}

std::string Requester::take_nonce(const std::string& new_nonce_url, const Aim& aim) {
    if (auto nonce = nonces_.take()) return std::move(*nonce);
    // The request that needs the nonce has a place among those in flight already.
    const auto reply = repeat(
        [&] {
            return exchange("HEAD " + new_nonce_url,
                            [&](http::Client& client) { return client.head(new_nonce_url); });
        },
        aim, Persistence::usual);
    // Never by way of the others, of whom one may take it first.
    if (const auto nonce = reply.field("replay-nonce"); NoncePool::is_nonce(nonce))
        return std::string(nonce);
    throw Failure(aim,
                  fmt::format("{} gave no nonce at {}", host_, base::printable(new_nonce_url)));
}

/// Between half and all of the pause, which doubles with each attempt: clients that failed together
/// do not come back together.
milliseconds Requester::backoff(int attempt) {
    const auto most = first_pause * (1 << (attempt - 1));
    return most / 2 + most / 2 * random_.octets(1).front() / 255;
}

std::optional<base::Seconds> Requester::retry_after(const http::Reply& reply) const {
    return http::parse_retry_after(reply.field("retry-after"), clock_.now());
}

Failure Requester::failure(const http::Reply& reply, const Aim& aim,
                           const std::optional<base::Seconds>& wait) const {
    std::string next;
    if (wait && asks_to_wait(reply))
        next = fmt::format("try again after {}; the CA asked to wait that long.",
                           base::to_rfc3339(clock_.now() + *wait));
    const auto retry_at = wait ? std::optional(clock_.now() + *wait) : std::nullopt;
    if (auto problem = protocol::Problem::from_json(base::bytes_of(reply.body))) {
        problem->status = reply.status;
        return Failure(aim, host_, *problem, std::move(next)).retrying_at(retry_at);
    }
    if (next.empty() && reply.status == not_implemented)
        next = advice_for({protocol::ProblemType::unknown, {}, reply.status}, aim.phase);
    if (next.empty())
        next = reply.status < 400
                   ? "the CA's URL may have moved: check --ca; no redirect is followed."
                   : "check that --ca is the URL of an ACME directory, or try again later.";
    return Failure(aim, reply.status,
                   fmt::format("{} answered {} without a problem document: \"{}\"", host_,
                               reply.status, base::printable(reply.body, max_excerpt)),
                   std::move(next))
        .retrying_at(retry_at);
}

void Requester::stop_asking(const Failure& failure, std::optional<Timer::TimePoint> until) {
    breaker_.open({.came_back = fmt::format("{} is not asked again in this run, because of what "
                                            "came back before: {}",
                                            host_, failure.came_back()),
                   .next = failure.next(),
                   .ends = until});
}

bool Requester::has_stopped_asking() const {
    return breaker_.outage(timer_.now()).has_value();
}

}  // namespace cairn::client
