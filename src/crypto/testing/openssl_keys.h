#pragma once
// Private to the tests of crypto: keys as OpenSSL makes and writes them.

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/base64url.h"
#include "base/bytes.h"
#include "crypto/openssl.h"

namespace cairn::crypto::testing {

using base::Bytes;
using base::BytesView;

inline Bytes b64(std::string_view text) {
    return base::from_base64url(text).value();
}

// RFC 8037 appendix A.2.
inline const Bytes ed25519_key = b64("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");

inline std::shared_ptr<EVP_PKEY> shared(EVP_PKEY* key) {
    if (key == nullptr) throw std::runtime_error(openssl_error());
    return {key, &EVP_PKEY_free};
}

inline std::shared_ptr<EVP_PKEY> ec_keygen(const char* curve) {
    return shared(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
}

/// What `write` puts into a BIO.
template <class Write>
std::string written(Write write) {
    const BioHandle target(BIO_new(BIO_s_mem()));
    require(write(target.get()) == 1, "writing");
    char* text = nullptr;
    const long size = BIO_get_mem_data(target.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

inline std::string pem_of(EVP_PKEY* key) {
    return written([&](BIO* target) {
        return PEM_write_bio_PKCS8PrivateKey(target, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

inline Bytes concatenated(BytesView left, BytesView right) {
    Bytes result(left.begin(), left.end());
    result.insert(result.end(), right.begin(), right.end());
    return result;
}

}  // namespace cairn::crypto::testing
