#include "crypto/pem_key.h"

#include <climits>
#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/openssl.h"

namespace cairn::crypto {

base::Result<PublicKey> public_key_from_pem(std::string_view pem) {
    if (pem.empty()) return base::fail("there is no PEM block");
    if (pem.size() > INT_MAX) return base::fail("the PEM block is too long");
    const Handle<BIO, &BIO_free_all> text(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    require(text != nullptr, "reading a public key");
    PkeyHandle key(PEM_read_bio_PUBKEY(text.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!key) return base::fail("the block holds no public key that can be read");
    return PublicKey::from_handle(std::shared_ptr<EVP_PKEY>(key.release(), &EVP_PKEY_free));
}

}  // namespace cairn::crypto
