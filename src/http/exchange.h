#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "crypto/key.h"
#include "net/socket_address.h"

namespace cairn::http {

/// Header fields in order.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// What a client asks.
struct ClientRequest {
    /// A token, in upper case as the standards have it: "GET", "PUT", "DELETE" ...
    std::string method = "GET";
    /// http or https, absolute.
    std::string url{};
    /// Those about the connection and the length of the body are the client's own to write: Host,
    /// Connection, Content-Length, Transfer-Encoding and their like are refused.
    Fields fields{};
    /// Sent with its length. An empty one is sent as such by POST, PUT and PATCH alone.
    std::string body{};
    /// Where the connection goes, whatever the URL's host is and its name in the DNS: no proxy and
    /// no look-up comes between. None: where the URL says. A redirect that is followed leaves it.
    std::optional<net::SocketAddress> connect_to{};
};

/// What a server answered; within the client's bounds.
struct Reply {
    int status = 0;
    std::string body{};
    /// Field names in lower case; those behind a chunked body are left out (RFC 9110 section
    /// 6.5.1).
    Fields fields{};
    /// First value of this field (name in lower case), or empty.
    [[nodiscard]] std::string_view field(std::string_view name) const;
    /// Every value of this field.
    [[nodiscard]] std::vector<std::string_view> all_fields(std::string_view name) const;
};

/// Why there is no reply. The message says what was asked of whom and what came of it.
struct ExchangeError : base::Error {
    enum class Kind {
        bad_request,  ///< it cannot be sent as it is: URL, method, fields; http that is not allowed
        no_such_host,
        refused,      ///< nobody listens there
        unreachable,  ///< no connection for another reason
        not_trusted,  ///< the server's certificate: its chain, its name or its times
        timed_out,
        too_large,     ///< the reply is beyond a bound
        broken,        ///< the peer broke off, or what it speaks is not HTTP or TLS
        bad_redirect,  ///< one that is not followed, or too many
        busy,          ///< the client has as many requests under way as it may
        closed,        ///< the client went away
        shortage       ///< something lacked on this machine (base/shortage.h)
    };
    Kind kind = Kind::broken;
    /// Something of an answer had come.
    bool answer_began = false;
};

using ExchangeResult = base::Result<Reply, ExchangeError>;

/// A certificate by which a client tells who it is, and the key for it.
struct ClientIdentity {
    /// PEM, the client's certificate first.
    std::string chain_pem;
    crypto::PrivateKey key;
};

/// Whether a server must prove by its certificate that it is the one of the URL.
enum class ServerProof {
    required,
    none  ///< only to look at what stands there: a CA that follows a redirect to https asks for
          ///< none either (BR 3.2.2.4.19). Nothing is to be sent or believed
};

/// How a client speaks, and its bounds for one exchange.
struct ClientOptions {
    std::string user_agent;
    /// Sent with every request, before its own fields.
    Fields fields{};
    /// PEM file of the roots to trust instead of the system's; empty: the system's.
    std::string root_file{};
    /// Shown to servers that ask for it; none: without.
    std::optional<ClientIdentity> identity{};
    /// For the whole of it, redirects included.
    base::Milliseconds timeout{30000};
    /// In octets.
    std::size_t max_body = std::size_t{1} << 20U;
    /// Status line and fields, those of interim responses included, in octets.
    std::size_t max_header = std::size_t{1} << 16U;
    /// How many redirects are followed (redirection.h); 0: the reply that redirects is the answer.
    int max_redirects = 0;
    ServerProof server_proof = ServerProof::required;
    /// SHA-256 of the DER SubjectPublicKeyInfo that the server must have, in base64; whoever has
    /// another is not spoken to, whatever `server_proof` says. Empty: any.
    std::string pinned_key{};
    /// For tests against local servers, and for looking at what a web server shows a CA: allow
    /// plain http URLs.
    bool allow_plain_http = false;
    /// A socket in the file system to connect to, whatever the URL's host, by plain http; none if
    /// empty.
    std::string local_path{};
};

}  // namespace cairn::http
