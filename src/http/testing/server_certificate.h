#pragma once
// Private to the tests of http: certificates for servers.

#include <string>

#include "crypto/key.h"
#include "crypto/openssl.h"

namespace cairn::http {

/// What else a certificate says.
struct CertificateTerms {
    /// "DNS:localhost,IP:127.0.0.1"; empty: DNS and the name.
    std::string alternative_names{};
    /// When it ends, in seconds from now.
    long end = 3600;
};

/// A certificate for `name` that `key` signs for itself, in PEM.
inline std::string self_signed_pem(const crypto::PrivateKey& key, const std::string& name,
                                   const CertificateTerms& terms = {}) {
    const crypto::X509Handle certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), terms.end);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_NAME* const subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    X509_set_pubkey(certificate.get(), key.handle());
    const auto alternative =
        terms.alternative_names.empty() ? "DNS:" + name : terms.alternative_names;
    const crypto::X509ExtensionHandle names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str()));
    X509_add_ext(certificate.get(), names.get(), -1);
    X509_sign(certificate.get(), key.handle(), EVP_sha256());
    const crypto::BioHandle pem(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(pem.get(), certificate.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(pem.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace cairn::http
