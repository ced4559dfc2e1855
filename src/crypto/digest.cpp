#include "crypto/digest.h"

#include <string>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "crypto/openssl.h"

namespace cairn::crypto {
namespace {

using MacHandle = Handle<EVP_MAC, &EVP_MAC_free>;
using MacContextHandle = Handle<EVP_MAC_CTX, &EVP_MAC_CTX_free>;

/// HMAC with SHA-256 without a key; copied for each use.
MacContextHandle keyless_hmac() {
    const MacHandle mac(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
    require(mac != nullptr, "fetching HMAC");
    MacContextHandle context(EVP_MAC_CTX_new(mac.get()));
    std::string digest = OSSL_DIGEST_NAME_SHA2_256;
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    require(context && EVP_MAC_CTX_set_params(context.get(), parameters) == 1, "preparing HMAC");
    return context;
}

}  // namespace

Sha256Digest sha256(base::BytesView data) {
    Sha256Digest digest;
    static_cast<void>(hash(sha256_algorithm(), data, digest));
    return digest;
}

Sha256Digest hmac_sha256(base::BytesView key, base::BytesView data) {
    static const MacContextHandle keyless = keyless_hmac();
    static constexpr std::uint8_t no_octets = 0;  // a null pointer would keep the old key
    const MacContextHandle context(EVP_MAC_CTX_dup(keyless.get()));
    Sha256Digest digest;
    std::size_t length = 0;
    require(context &&
                EVP_MAC_init(context.get(), key.empty() ? &no_octets : key.data(), key.size(),
                             nullptr) == 1 &&
                EVP_MAC_update(context.get(), data.data(), data.size()) == 1 &&
                EVP_MAC_final(context.get(), digest.data(), &length, digest.size()) == 1 &&
                length == digest.size(),
            "HMAC");
    return digest;
}

bool equal_in_constant_time(base::BytesView left, base::BytesView right) {
    return left.size() == right.size() &&
           (left.empty() || CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0);
}

}  // namespace cairn::crypto
