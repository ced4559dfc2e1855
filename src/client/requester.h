#pragma once

#include <atomic>
#include <chrono>
#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "client/circuit_breaker.h"
#include "client/connection_pool.h"
#include "client/failure.h"
#include "client/nonce_pool.h"
#include "client/request_limiter.h"
#include "client/session.h"
#include "client/timer.h"
#include "crypto/random.h"
#include "crypto/signer.h"
#include "http/client.h"

namespace cairn::client {

/// Whom a signed request is from.
struct Speaker {
    crypto::Signer key;
    /// Empty: the key stands in the request itself (`jwk`).
    std::string account_url;
};

/// Asks one CA, and asks again where that is of use (RFC 8555 sections 6.5 and 6.6): after a nonce
/// was refused, a reply was lost, the server was at fault, or the CA wanted a wait. Thread-safe;
/// how its users share the CA is told at Session.
class Requester {
  public:
    /// `host` is the CA as messages name it.
    Requester(const SessionOptions& options, std::string host, const base::Clock& clock,
              Timer& timer, crypto::Random& random);

    // Both return a reply with a 2xx status, or throw Failure.

    /// An unsigned request, repeated where that is of use.
    [[nodiscard]] http::Reply get(const std::string& url, const Aim& aim);
    /// A signed request. Where no nonce is at hand, one is fetched from `new_nonce_url`.
    [[nodiscard]] http::Reply post(const Speaker& speaker, const std::string& url,
                                   std::string_view payload, const std::string& new_nonce_url,
                                   const Aim& aim, Persistence persistence);

    /// An unsigned request, asked once, for which only 200 is a success. Fails without asking when
    /// several in a row were not answered.
    [[nodiscard]] std::expected<http::Reply, Failure> get_once(const std::string& url,
                                                               const Aim& aim);

    /// The wait that a reply asks for, if it does.
    [[nodiscard]] std::optional<base::Seconds> retry_after(const http::Reply& reply) const;
    /// From now on every request fails at once, for the reason of `failure`.
    void stop_asking(const Failure& failure) { stop_asking(failure, std::nullopt); }
    /// True while every request fails at once.
    [[nodiscard]] bool has_stopped_asking() const;

  private:
    struct Exchange;
    using Ask = std::function<Exchange()>;

    /// `what` is the method and the URL.
    template <class Request>
    Exchange exchange(const std::string& what, Request request);
    /// The same, and the nonce that came with the reply is kept.
    template <class Request>
    Exchange exchange_for_nonce(const std::string& what, Request request);
    void tell_detail(const std::string& what, const Exchange& exchange,
                     Timer::TimePoint began) const;
    /// Asks until there is a success or no sense in asking again.
    http::Reply repeat(const Ask& ask, const Aim& aim, Persistence persistence);
    /// Waits as long as the CA wants nobody to ask. Throws Failure if nobody is to ask at all, or
    /// only after the deadline.
    void await_turn(const Aim& aim, Timer::TimePoint deadline);
    /// Waits a moment for a CA that nobody runs yet; false if that was for too long already.
    bool await_listener(Timer::TimePoint deadline);
    [[nodiscard]] std::string take_nonce(const std::string& new_nonce_url, const Aim& aim);
    [[nodiscard]] std::chrono::milliseconds backoff(int attempt);
    [[nodiscard]] Failure failure(const http::Reply& reply, const Aim& aim,
                                  const std::optional<base::Seconds>& wait) const;
    void stop_asking(const Failure& failure, std::optional<Timer::TimePoint> until);

    const SessionOptions& options_;
    const std::string host_;
    const base::Clock& clock_;
    Timer& timer_;
    crypto::Random& random_;
    ConnectionPool connections_;
    NoncePool nonces_;
    RequestLimiter limiter_;
    CircuitBreaker breaker_;

    std::mutex listener_mutex_;
    /// Since the CA's port refused a connection for the first time: until when it is tried.
    std::optional<Timer::TimePoint> listener_deadline_;
    /// How many requests that are asked once were not answered, in a row.
    std::atomic<int> unanswered_once_ = 0;
};

}  // namespace cairn::client
