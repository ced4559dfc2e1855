#include "net/tls_identity.h"

#include <stdexcept>
#include <string>

#include "net/tls_identity_state.h"

namespace cairn::net {
namespace {

// A client that offers protocols and not this one is refused (RFC 7301 section 3.2).
int select_http_1_1(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* match = nullptr;
    if (SSL_select_next_proto(&match, chosen_size, ours, sizeof ours, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

crypto::SslContextHandle make_context() {
    crypto::SslContextHandle context(SSL_CTX_new(TLS_server_method()));
    crypto::require(context != nullptr, "SSL_CTX_new");
    SSL_CTX* const raw = context.get();
    crypto::require(SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1, "TLS 1.2");
    // Only forward-secret, authenticated ciphers for TLS 1.2; those of TLS 1.3 are all good.
    crypto::require(SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK") == 1,
                    "ciphers");
    // AES-128 first: both are secure, and processors have instructions for SHA-256 but not for
    // SHA-384.
    crypto::require(SSL_CTX_set_ciphersuites(raw,
                                             "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                             "TLS_CHACHA20_POLY1305_SHA256") == 1,
                    "ciphers of TLS 1.3");
    SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // Resumption is by ticket, so that sessions take no memory here.
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    // An idle connection holds no record buffers; one receive reads a whole record.
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(raw, 1);
    SSL_CTX_set_alpn_select_cb(raw, select_http_1_1, nullptr);
    return context;
}

// How many tickets a TLS 1.3 handshake gives the client. A resumption saves only the signature. A
// ticket costs more than an ECDSA signature and less than an RSA one.
std::size_t tickets_for(const crypto::PrivateKey& key) {
    return key.public_key().algorithm() == crypto::KeyAlgorithm::rsa ? 1 : 0;
}

crypto::X509Handle next_certificate(BIO* pem) {
    return crypto::X509Handle(PEM_read_bio_X509(pem, nullptr, nullptr, nullptr));
}

using Accepts = std::function<bool(base::BytesView)>;

// The place in a context where it keeps whom it accepts, which goes with the context.
int accepts_index() {
    static const int index = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* accepts, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<Accepts*>(accepts);
        });
    return index;
}

int judge_client(int is_good, X509_STORE_CTX* chain) {
    if (is_good == 0 || X509_STORE_CTX_get_error_depth(chain) > 0) return is_good;
    const auto* connection = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const auto* accepts = static_cast<const Accepts*>(
        SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), accepts_index()));
    std::uint8_t* der = nullptr;
    const int size = i2d_X509(X509_STORE_CTX_get_current_cert(chain), &der);
    if (size <= 0) return 0;
    bool is_accepted = false;
    try {
        is_accepted = (*accepts)({der, static_cast<std::size_t>(size)});
    } catch (const std::exception&) {
        is_accepted = false;  // what could not be judged is not let in
    }
    OPENSSL_free(der);
    if (!is_accepted) X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
    return is_accepted ? 1 : 0;
}

void demand(SSL_CTX* context, ClientDemand clients) {
    const crypto::BioHandle pem(BIO_new_mem_buf(clients.authority_pem.data(),
                                                static_cast<int>(clients.authority_pem.size())));
    crypto::require(pem != nullptr, "BIO_new_mem_buf");
    const auto authority = next_certificate(pem.get());
    crypto::require(authority != nullptr, "the authority of clients is not PEM");
    crypto::require(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) == 1 &&
                        SSL_CTX_add_client_CA(context, authority.get()) == 1,
                    "the authority of clients cannot be used");
    auto accepts = std::make_unique<Accepts>(std::move(clients.accepts));
    crypto::require(SSL_CTX_set_ex_data(context, accepts_index(), accepts.get()) == 1,
                    "SSL_CTX_set_ex_data");
    (void)accepts.release();  // the context's now
    // Each connection proves itself anew.
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, judge_client);
}

}  // namespace

TlsIdentity::TlsIdentity() : state_(std::make_shared<State>()) {}
TlsIdentity::~TlsIdentity() = default;

void TlsIdentity::replace(std::string_view chain_pem, const crypto::PrivateKey& key) {
    auto context = make_context();
    use_identity(context.get(), chain_pem, key);
    crypto::require(SSL_CTX_set_num_tickets(context.get(), tickets_for(key)) == 1,
                    "session tickets");

    const std::scoped_lock lock(state_->mutex);
    state_->context.swap(context);
}

void TlsIdentity::replace(std::string_view chain_pem, const crypto::PrivateKey& key,
                          ClientDemand clients) {
    auto context = make_context();
    use_identity(context.get(), chain_pem, key);
    demand(context.get(), std::move(clients));
    const std::scoped_lock lock(state_->mutex);
    state_->context.swap(context);
}

void use_identity(SSL_CTX* context, std::string_view chain_pem, const crypto::PrivateKey& key) {
    const crypto::BioHandle pem(
        BIO_new_mem_buf(chain_pem.data(), static_cast<int>(chain_pem.size())));
    crypto::require(pem != nullptr, "BIO_new_mem_buf");
    const auto leaf = next_certificate(pem.get());
    crypto::require(leaf != nullptr, "the certificate is not PEM");
    crypto::require(SSL_CTX_use_certificate(context, leaf.get()) == 1,
                    "the certificate cannot be used");
    while (const auto issuer = next_certificate(pem.get())) {
        crypto::require(SSL_CTX_add1_chain_cert(context, issuer.get()) == 1,
                        "the chain cannot be used");
    }
    // The loop ended at the end of the text, or at a broken block.
    const auto error = ERR_peek_last_error();
    if (ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
        throw std::runtime_error("the chain is not PEM: " + crypto::openssl_error());
    }
    ERR_clear_error();
    crypto::require(SSL_CTX_use_PrivateKey(context, key.handle()) == 1 &&
                        SSL_CTX_check_private_key(context) == 1,
                    "the certificate and key do not belong together");
}

}  // namespace cairn::net
