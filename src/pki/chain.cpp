#include "pki/chain.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypto/openssl.h"
#include "pki/pem.h"

namespace cairn::pki {
namespace {

constexpr std::size_t max_certificates = 100;
constexpr std::size_t max_pem_size = 1U << 20U;

using StoreHandle = crypto::Handle<X509_STORE, &X509_STORE_free>;
using StoreContextHandle = crypto::Handle<X509_STORE_CTX, &X509_STORE_CTX_free>;

/// Frees the stack, not the certificates in it.
struct StackRelease {
    void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};
using CertificateStackHandle = std::unique_ptr<STACK_OF(X509), StackRelease>;

int purpose_of(KeyPurpose purpose) {
    return purpose == KeyPurpose::client_auth ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER;
}

}  // namespace

base::Result<Chain> chain_from_pem(std::string_view pem) {
    if (pem.size() > max_pem_size) {
        return base::fail(fmt::format("the chain has more than {} octets", max_pem_size));
    }
    const auto blocks = pem::certificate_blocks(pem, max_certificates);
    if (!blocks) return std::unexpected(blocks.error());
    Chain chain;
    chain.reserve(blocks->size());
    for (const base::Bytes& block : *blocks) {
        const std::size_t number = chain.size() + 1;
        auto certificate = Certificate::from_der(block);
        if (!certificate) {
            return std::unexpected(
                certificate.error().within(fmt::format("certificate {}", number)));
        }
        if (!chain.empty() && !chain.back().is_signed_by(*certificate)) {
            return base::fail(
                fmt::format("certificate {} is not signed by certificate {}", number - 1, number));
        }
        chain.push_back(*std::move(certificate));
    }
    return chain;
}

std::string to_pem(std::span<const Certificate> chain) {
    std::string pem;
    for (const Certificate& certificate : chain) pem += certificate.pem();
    return pem;
}

base::Result<void> check_authorities(std::span<const Certificate> chain) {
    std::size_t below = 0;  // CAs below the current one; self-issued ones do not count
    for (const Certificate& authority : chain) {
        const auto refuse = [&](std::string_view why) {
            return base::fail(fmt::format(
                "\"{}\" {}", base::printable(authority.subject_common_name(), 80), why));
        };
        if (!authority.has_handle()) return refuse("cannot be read by OpenSSL");
        X509* const handle = authority.handle();
        if (!authority.is_ca()) return refuse("is not the certificate of a CA (basicConstraints)");
        const auto flags = X509_get_extension_flags(handle);
        if ((flags & EXFLAG_INVALID) != 0) return refuse("has extensions that cannot be read");
        if ((flags & EXFLAG_CRITICAL) != 0)
            return refuse("has a critical extension that verifiers do not know");
        if ((X509_get_key_usage(handle) & KU_KEY_CERT_SIGN) == 0)
            return refuse("may not sign certificates (keyUsage)");
        // 1: a CA by basicConstraints. Other values are guesses about certificates of version 1.
        if (X509_check_purpose(handle, X509_PURPOSE_SSL_SERVER, 1) != 1)
            return refuse("may not certify TLS servers (extendedKeyUsage, nsCertType)");
        const long path_length = X509_get_pathlen(handle);
        if (path_length >= 0 && std::cmp_less(path_length, below))
            return refuse(fmt::format("lets {} CAs be below it, and the chain has {} (pathLength)",
                                      path_length, below));
        if ((flags & EXFLAG_SI) == 0) ++below;
    }
    return {};
}

bool permits_purpose(std::span<const Certificate> chain, KeyPurpose purpose) {
    return std::ranges::all_of(chain, [&](const Certificate& authority) {
        return X509_check_purpose(authority.handle(), purpose_of(purpose), 1) == 1;
    });
}

bool is_for(const Certificate& certificate, KeyPurpose purpose) {
    return certificate.has_handle() &&
           X509_check_purpose(certificate.handle(), purpose_of(purpose), 0) == 1;
}

namespace {

/// `purpose`: of the first certificate; 0: whatever it may be.
base::Result<void> verify(std::span<const Certificate> chain, std::span<const Certificate> roots,
                          base::Time when, int purpose) {
    if (chain.empty()) return base::fail("the chain is empty");
    if (!std::ranges::all_of(chain, &Certificate::has_handle) ||
        !std::ranges::all_of(roots, &Certificate::has_handle)) {
        return base::fail("OpenSSL cannot read a certificate of the chain or a root");
    }

    const StoreHandle store(X509_STORE_new());
    crypto::require(store != nullptr, "making a certificate store");
    for (const Certificate& root : roots) {
        crypto::require(X509_STORE_add_cert(store.get(), root.handle()) == 1, "adding a root");
    }
    const CertificateStackHandle others(sk_X509_new_null());
    crypto::require(others != nullptr, "making a list of certificates");
    for (const Certificate& certificate : chain.subspan(1)) {
        crypto::require(sk_X509_push(others.get(), certificate.handle()) > 0,
                        "adding a certificate");
    }
    const StoreContextHandle context(X509_STORE_CTX_new());
    crypto::require(
        context != nullptr && X509_STORE_CTX_init(context.get(), store.get(),
                                                  chain.front().handle(), others.get()) == 1,
        "preparing to verify a chain");
    crypto::require(purpose == 0 || X509_STORE_CTX_set_purpose(context.get(), purpose) == 1,
                    "preparing to verify a chain");
    X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(parameters, when.time_since_epoch().count());
    // 112 bits: RSA of 2048 bits and more, and no SHA-1 (BR 6.1.5, 7.1.3.2).
    X509_VERIFY_PARAM_set_auth_level(parameters, 2);

    if (X509_verify_cert(context.get()) == 1) return {};
    const int error = X509_STORE_CTX_get_error(context.get());
    const int depth = X509_STORE_CTX_get_error_depth(context.get());
    ERR_clear_error();
    return base::fail(fmt::format("certificate {} of the chain: {}", depth + 1,
                                  X509_verify_cert_error_string(error)));
}

}  // namespace

base::Result<void> verify_chain(std::span<const Certificate> chain,
                                std::span<const Certificate> roots, base::Time when) {
    return verify(chain, roots, when, X509_PURPOSE_SSL_SERVER);
}

base::Result<void> verify_authorities(std::span<const Certificate> chain,
                                      std::span<const Certificate> roots, base::Time when) {
    return verify(chain, roots, when, 0);
}

}  // namespace cairn::pki
