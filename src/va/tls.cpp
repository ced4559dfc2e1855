#include "va/tls.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "crypto/openssl.h"
#include "pki/certificate.h"

namespace cairn::va {

namespace asio = boost::asio;
using protocol::ProblemType;

namespace {

/// Most octets of the peer's Certificate message.
constexpr long max_certificate_message = 65536;

asio::ssl::context make_client_context() {
    asio::ssl::context context(asio::ssl::context::tls_client);
    SSL_CTX* native = context.native_handle();
    crypto::require(SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1,
                    "setting the least TLS version");
    SSL_CTX_set_max_cert_list(native, max_certificate_message);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    // Without this OpenSSL would build and check a chain although nobody needs the result.
    SSL_CTX_set_cert_verify_callback(native, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
    return context;
}

/// One for all: OpenSSL looks up its algorithms for each anew. No session outlives its connection.
asio::ssl::context& client_context() {
    static asio::ssl::context context = make_client_context();
    return context;
}

void prepare(SSL* ssl, ClientHello hello) {
    if (!hello.server_name.empty()) {
        // The macro for this casts in the style of C.
        crypto::require(SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                 hello.server_name.data()) == 1,
                        "setting the server name");
    }
    if (!hello.protocol.empty()) {
        base::Bytes list{static_cast<std::uint8_t>(hello.protocol.size())};
        list.insert(list.end(), hello.protocol.begin(), hello.protocol.end());
        // This function of OpenSSL returns 0 for success.
        crypto::require(
            SSL_set_alpn_protos(ssl, list.data(), static_cast<unsigned>(list.size())) == 0,
            "setting the protocol to offer");
    }
}

Failure handshake_failure(const std::string& peer, const boost::system::error_code& error,
                          Disclosure disclosure) {
    throw_shortage(error);
    const auto failure = [&](ProblemType type, std::string_view how) {
        return Failure(type, fmt::format("TLS handshake with {}: {}", peer, how),
                       Outlook::may_heal);
    };
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        return failure(ProblemType::tls, "the peer closed the connection");
    }
    const bool by_tls = error.category() == asio::error::get_ssl_category() ||
                        error.category() == asio::ssl::error::get_stream_category();
    if (by_tls && disclosure != Disclosure::quotes) return failure(ProblemType::tls, "it failed");
    return failure(by_tls ? ProblemType::tls : ProblemType::connection, describe(error));
}

}  // namespace

base::Task<OrFailure<std::unique_ptr<TlsStream>>> handshake(Connection connection,
                                                            ClientHello hello,
                                                            Disclosure disclosure) {
    auto stream = std::make_unique<TlsStream>(std::move(connection.stream), client_context());
    prepare(stream->native_handle(), std::move(hello));
    const auto [error] = co_await stream->async_handshake(asio::ssl::stream_base::client,
                                                          asio::as_tuple(asio::use_awaitable));
    if (error) co_return std::unexpected(handshake_failure(connection.peer, error, disclosure));
    co_return stream;
}

std::string told_of_tls(SSL* ssl, const std::string& peer) {
    constexpr std::size_t most_names = 10;
    auto text = fmt::format("TLS with {}: {}", peer, SSL_get_version(ssl));
    const unsigned char* protocol = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl, &protocol, &length);
    text +=
        length == 0 ? ", no ALPN" : ", ALPN " + base::printable(base::text_of({protocol, length}));
    X509* leaf = SSL_get0_peer_certificate(ssl);
    const int size = leaf == nullptr ? 0 : i2d_X509(leaf, nullptr);
    if (size <= 0) return text + ", no certificate";
    base::Bytes der(static_cast<std::size_t>(size));
    unsigned char* end = der.data();
    i2d_X509(leaf, &end);
    const auto certificate = pki::Certificate::from_der(der);
    if (!certificate)
        return text + ", a certificate that cannot be read: " +
               base::printable(certificate.error().message);
    text += ", a certificate of \"" + base::printable(certificate->issuer_common_name(), 100) +
            "\" until " + base::to_rfc3339(certificate->not_after()) + " for";
    const auto& names = certificate->names().dns_names;
    for (std::size_t i = 0; i < names.size() && i < most_names; ++i)
        text += " " + base::printable(names[i], 100);
    if (names.size() > most_names) text += fmt::format(" and {} others", names.size() - most_names);
    if (names.empty()) text += " no name";
    return text;
}

}  // namespace cairn::va
