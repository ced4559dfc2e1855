#include "crypto/sha1.h"

#include "crypto/openssl.h"

namespace cairn::crypto {

Sha1Digest sha1(base::BytesView data) {
    Sha1Digest digest;
    static_cast<void>(hash(EVP_sha1(), data, digest));
    return digest;
}

}  // namespace cairn::crypto
