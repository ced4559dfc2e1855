#pragma once

#include <chrono>

#include "net/handshake.h"

namespace cairn::http {

/// Through this a Server reports what happens on its connections, so that it can be counted.
/// Handlers report what they do with complete requests themselves.
///
/// Each method is called on the path of the work itself, from any thread, also in parallel: an
/// implementation neither waits nor throws. This base class ignores all events.
class Observer {
  public:
    virtual ~Observer() = default;
    using Duration = std::chrono::steady_clock::duration;

    virtual void connection_opened() {}
    virtual void connection_closed() {}
    /// There was no place for a connection, or its client had too many.
    virtual void connection_refused() {}
    /// A connection that waited for its peer was closed to make room for others.
    virtual void connection_gave_way() {}
    /// The system gave no connection, for want of descriptors or memory.
    virtual void accept_failed() {}

    using Handshake = net::HandshakeEnd;
    virtual void handshake_ended(Handshake, Duration) {}

    /// A request was answered before any handler saw it, with this status.
    virtual void request_refused(int /*status*/) {}
    /// A handler threw, and the request was answered 500.
    virtual void request_failed() {}
};

/// An observer that ignores all events, and has no state.
[[nodiscard]] inline Observer& deaf_observer() {
    static Observer observer;
    return observer;
}

}  // namespace cairn::http
