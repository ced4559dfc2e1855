#pragma once
// Private to the .cpp files of client: OpenSSL's objects show in it.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "client/solver.h"
#include "client/timer.h"
#include "crypto/key.h"
#include "pki/certificate.h"

namespace cairn::client {

/// The certificates that tls-alpn-01 (RFC 8737) is answered with at this moment, and what a TLS
/// server needs to show them. Thread-safe.
class TlsAlpnAnswers {
  public:
    /// Puts the answer up. Of two orders that prove one name at the same time the later waits,
    /// since a handshake can show but one. Throws Failure if it waits in vain.
    void put_up(const Challenge& challenge, const base::Clock& clock, Timer& timer);
    void take_down(const Challenge& challenge);
    [[nodiscard]] bool is_empty() const;
    /// Whether a client hello offers acme-tls/1, and it alone.
    [[nodiscard]] static bool is_asked_for_by(SSL* tls);
    /// Has handshakes of this context show the answer for the name they ask for, and no other end
    /// well. The answers live as long as the context does.
    static void show_in(SSL_CTX* context, std::shared_ptr<TlsAlpnAnswers> answers);

  private:
    struct Answer {
        protocol::Token token;
        pki::Certificate certificate;
    };
    [[nodiscard]] bool add(const Challenge& challenge, const pki::Certificate& certificate);
    [[nodiscard]] std::optional<pki::Certificate> certificate_for(std::string name) const;
    [[nodiscard]] bool use_for(SSL* tls) const;
    static int on_protocols(SSL*, const unsigned char** chosen, unsigned char* size,
                            const unsigned char*, unsigned, void*);
    static int on_certificate(SSL* tls, void* argument);

    const crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    mutable std::mutex mutex_;
    std::map<std::string, Answer> by_name_;
};

/// Keeps `object` for as long as the context lives.
void keep_with(SSL_CTX* context, std::shared_ptr<void> object);

}  // namespace cairn::client
