#pragma once

#include <memory>
#include <span>
#include <string>

#include "client/solver.h"

using SSL_CTX = struct ssl_ctx_st;

namespace cairn::client {

/// Proves control of names (tls-alpn-01, RFC 8737) by the program's own TLS server, which the CA
/// reaches at port 443: no other port is opened, nothing is stopped, and users notice nothing.
///
///     const auto own = std::make_shared<OwnTlsServer>();
///     own->answer_in(context.native_handle());        // of each context that the server uses
///     KeeperOptions options{.certificates = {{.names = {"example.com"}, .solver = "own-tls"}},
///                           .solvers = {own}};
///
/// The server has to serve before the first certificate is there, so the keeper is started, and not
/// waited for: a handshake without a certificate fails, but for that of the CA. Such a connection
/// ends after its handshake without having said anything. Thread-safe.
class OwnTlsServer final : public Solver {
  public:
    OwnTlsServer();
    ~OwnTlsServer() override;
    OwnTlsServer(const OwnTlsServer&) = delete;
    OwnTlsServer& operator=(const OwnTlsServer&) = delete;

    /// Has handshakes of this context answer the CA while there is something to answer. It takes
    /// the context's callback for client hellos (SSL_CTX_set_client_hello_cb); all else is as it
    /// was. The context may outlive this object. Throws std::runtime_error if OpenSSL refuses.
    void answer_in(SSL_CTX* context) const;

    /// "own-tls"
    [[nodiscard]] std::string specification() const override;
    [[nodiscard]] std::span<const protocol::ChallengeType> challenge_types() const override;
    void present(const Challenge& challenge) override;
    void clean_up(const Challenge& challenge) override;

  private:
    struct Parts;
    std::shared_ptr<Parts> parts_;
};

}  // namespace cairn::client
