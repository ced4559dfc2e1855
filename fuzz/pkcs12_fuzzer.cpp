// PKCS#12 files with the passphrase of the seeds, and with none. Whatever is read is a key with
// certificates; a refusal says why.

#include <string_view>

#include "fuzz/target.h"
#include "pki/pkcs12.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(pkcs12) {
    const base::BytesView octets(data, size);
    const bool opens = pki::opens_without_passphrase(octets);
    (void)pki::is_pkcs12(octets);
    for (const std::string_view passphrase : {"", "secret"}) {
        const auto read = pki::read_pkcs12(octets, base::bytes_of(passphrase));
        if (!read) {
            require(!read.error().message.empty() && is_printable(read.error().message));
            continue;
        }
        require(opens || !passphrase.empty());
        require(!read->key.public_key().spki().empty());
        require(read->certificates.size() <= 100);
    }
    return 0;
}
