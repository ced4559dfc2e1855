#include "net/server_acceptance.h"

#include <stdexcept>

#include "net/tls_identity_state.h"

namespace cairn::net {

std::optional<std::string> refusal_of_identity(std::string_view chain_pem,
                                               const crypto::PrivateKey& key,
                                               const std::string& ciphers) {
    const crypto::SslContextHandle context(SSL_CTX_new(TLS_server_method()));
    crypto::require(context != nullptr, "SSL_CTX_new");
    // What it does not know of the list, the server tells itself.
    if (!ciphers.empty()) SSL_CTX_set_cipher_list(context.get(), ciphers.c_str());
    ERR_clear_error();
    try {
        use_identity(context.get(), chain_pem, key);
        return std::nullopt;
    } catch (const std::runtime_error& error) {
        ERR_clear_error();
        return error.what();
    }
}

}  // namespace cairn::net
