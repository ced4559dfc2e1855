#pragma once

#include <chrono>
#include <optional>

#include "api/request_kind.h"
#include "ca/facts/limit_name.h"
#include "protocol/problem.h"

namespace cairn::api {

/// A request and its answer.
struct AnsweredRequest {
    RequestKind kind;
    int status;
    std::optional<protocol::ProblemType> problem;
    /// From its last octet to the moment when the answer was ready to be sent.
    std::chrono::steady_clock::duration duration;
};

/// Through this the HTTP face of the CA reports requests and answers, so that they can be counted.
/// Called on the path of the request, from any thread, also in parallel: an implementation neither
/// waits nor throws. This base class ignores all events.
class RequestObserver {
  public:
    virtual ~RequestObserver() = default;
    virtual void answered(const AnsweredRequest&) {}
    enum class Nonce { redeemed, refused };
    /// A request was refused, since its client sent too many.
    virtual void limit_refused(ca::LimitName) {}
    /// A nonce came back.
    virtual void nonce_redeemed(Nonce) {}
};

/// An observer that ignores all events, and has no state.
[[nodiscard]] inline RequestObserver& deaf_request_observer() {
    static RequestObserver observer;
    return observer;
}

}  // namespace cairn::api
