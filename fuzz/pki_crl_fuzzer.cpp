// Revocation lists. What is accepted must be what its type promises, and must not be accepted with
// another octet behind it.

#include <algorithm>

#include "fuzz/target.h"
#include "pki/crl.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(pki_crl) {
    const base::BytesView der(data, size);
    const auto crl = pki::Crl::from_der(der);
    if (!crl) {
        require(!crl.error().message.empty() && is_printable(crl.error().message));
        return 0;
    }
    require(std::ranges::equal(crl->der(), der));
    require(!crl->number().empty());
    require(is_printable(crl->distribution_point()));
    for (const auto& revoked : crl->revoked()) require(!revoked.serial.der_content().empty());
    base::Bytes longer = crl->der();
    longer.push_back(0);
    require(!pki::Crl::from_der(longer));
    return 0;
}
