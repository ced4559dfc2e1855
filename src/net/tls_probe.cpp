#include "net/tls_probe.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/openssl.h"
#include "net/start_tls.h"

namespace cairn::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int max_certificates = 10;
constexpr long max_certificate_list = 65536;

class Socket {
  public:
    explicit Socket(int number) : number_(number) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int number() const { return number_; }

  private:
    int number_;
};

std::string words_of(int error) {
    return std::generic_category().message(error);
}

/// Waits until the socket can be read or written; false once the deadline is there.
bool await(int socket, short events, steady_clock::time_point deadline) {
    for (;;) {
        const auto rest = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
        if (rest <= 0) return false;
        pollfd ready{socket, events, 0};
        const int count = ::poll(&ready, 1, static_cast<int>(std::min<long>(rest, 60000)));
        if (count > 0) return true;
        if (count < 0 && errno != EINTR) return false;
    }
}

socklen_t fill(sockaddr_storage& storage, const SocketAddress& target) {
    const auto octets = target.address.octets();
    if (target.address.family() == base::IpAddress::Family::v4) {
        auto* address = reinterpret_cast<sockaddr_in*>(&storage);
        address->sin_family = AF_INET;
        address->sin_port = htons(target.port);
        std::memcpy(&address->sin_addr, octets.data(), octets.size());
        return sizeof *address;
    }
    auto* address = reinterpret_cast<sockaddr_in6*>(&storage);
    address->sin6_family = AF_INET6;
    address->sin6_port = htons(target.port);
    std::memcpy(&address->sin6_addr, octets.data(), octets.size());
    return sizeof *address;
}

/// What went wrong; empty once the socket is connected.
std::string connect(int socket, const SocketAddress& target, steady_clock::time_point deadline) {
    sockaddr_storage storage{};
    const auto size = fill(storage, target);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&storage), size) == 0) return {};
    if (errno != EINPROGRESS) return words_of(errno);
    if (!await(socket, POLLOUT, deadline)) return "nobody answers";
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return words_of(errno);
    return error == 0 ? std::string() : words_of(error);
}

/// A connected socket, until the deadline.
class SocketStream final : public PlainStream {
  public:
    SocketStream(int socket, steady_clock::time_point deadline)
        : socket_(socket), deadline_(deadline) {}
    base::Result<std::string> receive() override {
        char buffer[4096];
        for (;;) {
            const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
            if (count > 0) return std::string(buffer, static_cast<std::size_t>(count));
            if (count == 0) return base::fail("the connection was broken off");
            if (errno != EAGAIN && errno != EINTR) return base::fail(words_of(errno));
            if (!await(socket_, POLLIN, deadline_))
                return base::fail("the server says nothing before TLS begins");
        }
    }
    base::Result<void> send(std::string_view octets) override {
        while (!octets.empty()) {
            const auto count = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
            if (count > 0) {
                octets.remove_prefix(static_cast<std::size_t>(count));
            } else if (errno != EAGAIN && errno != EINTR) {
                return base::fail(words_of(errno));
            } else if (!await(socket_, POLLOUT, deadline_)) {
                return base::fail("the server does not listen");
            }
        }
        return {};
    }

  private:
    int socket_;
    steady_clock::time_point deadline_;
};

const char* signatures_of(TlsProbe::KeyKind kind) {
    return kind == TlsProbe::KeyKind::rsa
               ? "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+"
                 "SHA384:RSA+SHA512"
               : "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512";
}

/// TLS 1.2 chooses the kind of the key by the cipher.
const char* ciphers_of(TlsProbe::KeyKind kind) {
    return kind == TlsProbe::KeyKind::rsa ? "aRSA:!aNULL:!eNULL" : "aECDSA:!aNULL:!eNULL";
}

crypto::SslContextHandle context_for(const TlsProbe& probe) {
    crypto::SslContextHandle context(SSL_CTX_new(TLS_client_method()));
    crypto::require(context != nullptr, "TLS");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_max_cert_list(context.get(), max_certificate_list);
    if (probe.key_kind == TlsProbe::KeyKind::any) return context;
    // OpenSSL's macro takes the list as one that may be changed.
    std::string signatures = signatures_of(probe.key_kind);
    crypto::require(SSL_CTX_set1_sigalgs_list(context.get(), signatures.data()) == 1 &&
                        SSL_CTX_set_cipher_list(context.get(), ciphers_of(probe.key_kind)) == 1,
                    "TLS");
    return context;
}

/// As SSL_set_tlsext_host_name, whose macro has a cast of the old style.
bool set_server_name(SSL* ssl, std::string name) {
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

/// What went wrong; empty once the handshake has ended.
std::string shake_hands(SSL* ssl, int socket, steady_clock::time_point deadline) {
    for (;;) {
        ERR_clear_error();
        const int result = SSL_connect(ssl);
        if (result == 1) return {};
        const int error = SSL_get_error(ssl, result);
        const bool reads = error == SSL_ERROR_WANT_READ;
        if (!reads && error != SSL_ERROR_WANT_WRITE) {
            if (ERR_peek_error() != 0) return crypto::openssl_error();
            return "the connection was broken off";
        }
        if (!await(socket, reads ? POLLIN : POLLOUT, deadline)) return "no TLS is spoken there";
    }
}

base::Bytes der_of(X509* certificate) {
    base::Bytes der(static_cast<std::size_t>(std::max(0, i2d_X509(certificate, nullptr))));
    auto* out = der.data();
    if (!der.empty()) i2d_X509(certificate, &out);
    return der;
}

std::vector<base::Bytes> certificates_of(SSL* ssl) {
    std::vector<base::Bytes> certificates;
    // Of a server, the chain holds its own certificate first.
    auto* chain = SSL_get_peer_cert_chain(ssl);
    for (int i = 0; chain != nullptr && i < std::min(sk_X509_num(chain), max_certificates); ++i)
        certificates.push_back(der_of(sk_X509_value(chain, i)));
    return certificates;
}

}  // namespace

base::Result<TlsSight> look_at_tls(const TlsProbe& probe) {
    const auto failed = [&](std::string_view words) {
        return base::fail(fmt::format("{}: {}", probe.target.to_string(), words));
    };
    const auto deadline = steady_clock::now() + probe.patience;
    const int family =
        probe.target.address.family() == base::IpAddress::Family::v4 ? AF_INET : AF_INET6;
    const Socket socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.number() < 0) return failed(words_of(errno));
    if (const auto wrong = connect(socket.number(), probe.target, deadline); !wrong.empty())
        return failed(wrong);
    SocketStream stream(socket.number(), deadline);
    if (const auto begun = begin_start_tls(stream, probe.start_tls, probe.server_name); !begun)
        return failed(begun.error().message);

    const auto context = context_for(probe);
    const crypto::SslHandle ssl(SSL_new(context.get()));
    crypto::require(ssl != nullptr && SSL_set_fd(ssl.get(), socket.number()) == 1, "TLS");
    if (!probe.server_name.empty())
        crypto::require(set_server_name(ssl.get(), probe.server_name), "SNI");
    if (!probe.protocol.empty()) {
        const auto offer =
            std::string(1, static_cast<char>(probe.protocol.size())) + probe.protocol;
        SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(offer.data()),
                            static_cast<unsigned>(offer.size()));
    }
    const auto wrong = shake_hands(ssl.get(), socket.number(), deadline);
    TlsSight sight{certificates_of(ssl.get()), {}};
    // A server that breaks off afterwards, since it wants a certificate too, has shown its own.
    if (!wrong.empty() && sight.certificates.empty()) return failed(base::printable(wrong));
    if (sight.certificates.empty()) return failed("no certificate is shown");
    const unsigned char* chosen = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl.get(), &chosen, &length);
    if (length > 0) sight.protocol.assign(reinterpret_cast<const char*>(chosen), length);
    return sight;
}

}  // namespace cairn::net
