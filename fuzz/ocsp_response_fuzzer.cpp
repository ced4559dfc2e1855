// Answers of the status of a certificate. What is accepted must be what its type promises, and
// must not be accepted with another octet behind it.

#include <algorithm>

#include "fuzz/target.h"
#include "pki/ocsp_response.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(ocsp_response) {
    const base::BytesView der(data, size);
    const auto response = pki::OcspResponse::from_der(der);
    if (!response) {
        require(!response.error().message.empty() && is_printable(response.error().message));
        return 0;
    }
    const auto& id = response->id();
    const std::size_t length = id.hash == pki::OcspHash::sha1 ? 20 : 32;
    require(id.issuer_name_hash.size() == length && id.issuer_key_hash.size() == length);
    require(!id.serial.der_content().empty());
    require(std::ranges::equal(response->der(), der));
    base::Bytes longer = response->der();
    longer.push_back(0);
    require(!pki::OcspResponse::from_der(longer));
    return 0;
}
