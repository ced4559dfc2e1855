#pragma once

#include <chrono>

namespace cairn::net {

/// Through this an HttpServer tells what happens on its connections, for whoever counts it. What
/// handlers make of complete requests is theirs to tell.
///
/// Each method is called on the path of the work itself, from any thread, also in parallel: an
/// implementation neither waits nor throws. This class itself hears nothing.
class HttpObserver {
  public:
    virtual ~HttpObserver() = default;
    using Duration = std::chrono::steady_clock::duration;

    virtual void connection_opened() {}
    virtual void connection_closed() {}
    /// There was no place for a connection, or its client had too many.
    virtual void connection_refused() {}
    /// A connection that waited for its peer was closed to make room for others.
    virtual void connection_gave_way() {}
    /// The system gave no connection, for want of descriptors or memory.
    virtual void accept_failed() {}

    enum class Handshake {
        done,
        failed,  ///< the two ends could not agree, or one of them made a mistake
        left,    ///< the peer closed the connection
        timed_out,
        no_certificate,  ///< the server has none yet
    };
    virtual void handshake_ended(Handshake, Duration) {}

    /// A request was answered before any handler saw it, with this status.
    virtual void request_refused(int /*status*/) {}
    /// A handler threw, and the request was answered 500.
    virtual void request_failed() {}
};

/// An observer that hears nothing, and has no state.
[[nodiscard]] inline HttpObserver& deaf_http_observer() {
    static HttpObserver observer;
    return observer;
}

}  // namespace cairn::net
