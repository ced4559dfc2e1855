#include "va/testing/certificate_forge.h"

namespace cairn::va::testing {

crypto::PkeyHandle forge_key() {
    return crypto::PkeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
}

crypto::X509Handle forge_certificate(EVP_PKEY* key, const Forgery& forgery) {
    crypto::X509Handle certificate(X509_new());
    X509* x509 = certificate.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_NAME* name = X509_get_subject_name(x509);
    const std::string common_name =
        forgery.common_name.empty() ? std::string("ACME challenge") : forgery.common_name;
    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                               base::bytes_of(common_name).data(),
                               static_cast<int>(common_name.size()), -1, 0);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, key);
    for (const auto& names : forgery.alt_names) {
        const crypto::X509ExtensionHandle extension(
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
        crypto::require(extension != nullptr, names.c_str());
        X509_add_ext(x509, extension.get(), -1);
    }
    for (const auto& forged : forgery.extensions) {
        const crypto::Asn1ObjectHandle oid(OBJ_txt2obj(forged.oid.c_str(), 1));
        const crypto::Asn1OctetStringHandle value(ASN1_OCTET_STRING_new());
        ASN1_OCTET_STRING_set(value.get(), forged.value.data(),
                              static_cast<int>(forged.value.size()));
        const crypto::X509ExtensionHandle extension(
            X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), forged.critical ? 1 : 0, value.get()));
        X509_add_ext(x509, extension.get(), -1);
    }
    EVP_PKEY* signer = forgery.signer == nullptr ? key : forgery.signer;
    crypto::require(X509_sign(x509, signer, EVP_sha256()) > 0, "signing a forged certificate");
    return certificate;
}

base::Bytes der_of(X509* certificate) {
    base::Bytes der(static_cast<std::size_t>(i2d_X509(certificate, nullptr)));
    unsigned char* end = der.data();
    i2d_X509(certificate, &end);
    return der;
}

boost::asio::ssl::context server_context(X509* certificate, EVP_PKEY* key) {
    boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
    SSL_CTX* native = context.native_handle();
    SSL_CTX_set_cipher_list(native, "DEFAULT:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(native, TLS1_VERSION);
    crypto::require(SSL_CTX_use_certificate(native, certificate) == 1, "using a certificate");
    crypto::require(SSL_CTX_use_PrivateKey(native, key) == 1, "using a key");
    return context;
}

}  // namespace cairn::va::testing
