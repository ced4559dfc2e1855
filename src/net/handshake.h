#pragma once

namespace cairn::net {

/// How a TLS handshake ended, seen by a server.
enum class HandshakeEnd {
    done,
    failed,  ///< the two ends could not agree, or one of them made a mistake
    left,    ///< the peer closed the connection
    timed_out,
    no_certificate,  ///< the server has none yet
};

}  // namespace cairn::net
