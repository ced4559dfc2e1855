// Encrypted private keys in PEM, with the passphrase of the seeds. Whatever opens can be written
// and opened again; a refusal says why.

#include <string_view>

#include "crypto/encrypted_key.h"
#include "fuzz/target.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(encrypted_key) {
    const std::string_view pem = base::text_of({data, size});
    const auto passphrase = base::bytes_of("secret");
    const auto key = crypto::encrypted_key_from_pem(pem, passphrase);
    if (!key) {
        require(!key.error().message.empty() && is_printable(key.error().message));
        return 0;
    }
    const auto again =
        crypto::encrypted_key_from_pem(crypto::to_encrypted_pem(*key, passphrase), passphrase);
    require(again && again->public_key() == key->public_key());
    return 0;
}
