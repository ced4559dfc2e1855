#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/socket_address.h"

namespace cairn::net {

/// What is spoken before TLS begins.
enum class StartTls {
    none,         ///< nothing: TLS from the first octet
    smtp,         ///< RFC 3207
    lmtp,         ///< the same after LHLO (RFC 2033)
    imap,         ///< RFC 3501 section 6.2.1
    pop3,         ///< RFC 2595 section 4
    sieve,        ///< RFC 5804 section 2.2
    nntp,         ///< RFC 4642
    ftp,          ///< RFC 4217
    xmpp_client,  ///< RFC 6120 section 5
    xmpp_server,  ///< the same between servers
    ldap,         ///< RFC 4511 section 4.14
    postgresql,   ///< its SSLRequest
    mysql         ///< its SSLRequest, as MariaDB has it too
};

/// What a server is asked to show, and how long it may take.
struct TlsProbe {
    SocketAddress target;
    /// For SNI; empty: none is sent, as for addresses (RFC 6066 section 3).
    std::string server_name;
    /// The only one offered by ALPN; empty: none is.
    std::string protocol{};
    /// Whose signatures are accepted: servers with certificates for several kinds of keys show the
    /// one for this kind.
    enum class KeyKind { any, rsa, ecdsa };
    KeyKind key_kind = KeyKind::any;
    StartTls start_tls = StartTls::none;
    std::chrono::milliseconds patience{5000};
};

/// What it has shown.
struct TlsSight {
    /// DER, the server's own first; at most 10.
    std::vector<base::Bytes> certificates;
    /// The protocol that it chose by ALPN; empty: none.
    std::string protocol;
};

/// A handshake, TLS 1.2 or later, in which the server's certificate is not verified: what is wanted
/// is to see it. Blocks for as long as its patience at most. The error says what came back.
[[nodiscard]] base::Result<TlsSight> look_at_tls(const TlsProbe& probe);

}  // namespace cairn::net
