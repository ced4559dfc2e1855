#pragma once
// Private to net and http: the OpenSSL side of TlsIdentity.

#include <memory>
#include <mutex>
#include <string_view>

#include <openssl/err.h>
#include <openssl/pemerr.h>

#include "crypto/openssl.h"
#include "net/tls_identity.h"

namespace cairn::net {

struct TlsIdentity::State {
    /// A server's end of a new TLS connection; null while there is no certificate.
    [[nodiscard]] crypto::SslHandle new_server_end() const {
        const std::scoped_lock lock(mutex);
        return crypto::SslHandle(context ? SSL_new(context.get()) : nullptr);
    }

    mutable std::mutex mutex;
    crypto::SslContextHandle context;
};

/// Gives the context this chain (PEM, its own certificate first) and key.
/// Throws std::runtime_error if they do not belong together.
void use_identity(SSL_CTX* context, std::string_view chain_pem, const crypto::PrivateKey& key);

}  // namespace cairn::net
