#pragma once
// Private to the .cpp files of crypto, pki, net, http, dns and va: OpenSSL's objects, each owned by
// a handle.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"

namespace cairn::crypto {

template <auto release>
struct Releases {
    template <class T>
    void operator()(T* object) const noexcept {
        release(object);
    }
};
template <class T, auto release>
using Handle = std::unique_ptr<T, Releases<release>>;

using PkeyHandle = Handle<EVP_PKEY, &EVP_PKEY_free>;
using PkeyContextHandle = Handle<EVP_PKEY_CTX, &EVP_PKEY_CTX_free>;
using DigestContextHandle = Handle<EVP_MD_CTX, &EVP_MD_CTX_free>;
using BigNumberHandle = Handle<BIGNUM, &BN_free>;
using BigNumberContextHandle = Handle<BN_CTX, &BN_CTX_free>;
using BioHandle = Handle<BIO, &BIO_free_all>;
using X509Handle = Handle<X509, &X509_free>;
using X509RequestHandle = Handle<X509_REQ, &X509_REQ_free>;
using X509NameHandle = Handle<X509_NAME, &X509_NAME_free>;
using X509ExtensionHandle = Handle<X509_EXTENSION, &X509_EXTENSION_free>;
using Asn1IntegerHandle = Handle<ASN1_INTEGER, &ASN1_INTEGER_free>;
using Asn1OctetStringHandle = Handle<ASN1_OCTET_STRING, &ASN1_OCTET_STRING_free>;
using Asn1ObjectHandle = Handle<ASN1_OBJECT, &ASN1_OBJECT_free>;
using GeneralNamesHandle = Handle<GENERAL_NAMES, &GENERAL_NAMES_free>;
using SslContextHandle = Handle<SSL_CTX, &SSL_CTX_free>;
using SslHandle = Handle<SSL, &SSL_free>;
using EcdsaSignatureHandle = Handle<ECDSA_SIG, &ECDSA_SIG_free>;

/// Returns the last error of OpenSSL's queue in words and empties the queue.
[[nodiscard]] std::string openssl_error();

/// Throws std::runtime_error "`what`: OpenSSL's reason" unless `ok`. For failures that no input
/// can cause.
void require(bool ok, const char* what);

/// SHA-2 of OpenSSL's default provider. Fetched once: a fetch costs more than hashing a JWS.
[[nodiscard]] const EVP_MD* sha256_algorithm();
[[nodiscard]] const EVP_MD* sha384_algorithm();
[[nodiscard]] const EVP_MD* sha512_algorithm();

/// Writes the digest of `data`, which must not be secret, to the front of `digest`, which must be
/// large enough. Returns its size.
[[nodiscard]] std::size_t hash(const EVP_MD* algorithm, base::BytesView data,
                               std::span<std::uint8_t> digest);

}  // namespace cairn::crypto
