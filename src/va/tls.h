#pragma once
// Private to va: TLS to peers whose certificate chain is not checked.

#include <memory>
#include <string>

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "base/task.h"
#include "va/dialer.h"
#include "va/disclosure.h"

namespace cairn::va {

using TlsStream = boost::asio::ssl::stream<boost::beast::tcp_stream>;

/// What the client sends in its ClientHello.
struct ClientHello {
    std::string server_name;  ///< SNI; empty: none, as for addresses (RFC 6066 section 3)
    std::string protocol;     ///< the only one offered by ALPN; empty: none offered
};

/// A handshake on `connection`, TLS 1.2 or later, the peer's certificate not verified (whoever
/// validates a name for the first time has nothing to verify it with), at most 64 KiB of
/// certificates, no renegotiation. What TLS itself refuses is a failure of type tls, a reset or
/// silence one of type connection.
[[nodiscard]] base::Task<OrFailure<std::unique_ptr<TlsStream>>> handshake(Connection connection,
                                                                          ClientHello hello,
                                                                          Disclosure disclosure);

/// What an operator is told of a finished handshake with `peer`: version, protocol by ALPN, and
/// whose certificate it is.
[[nodiscard]] std::string told_of_tls(SSL* ssl, const std::string& peer);

}  // namespace cairn::va
