// Certification requests. What is accepted must be what its types promise, and must not be accepted
// with another octet behind it.

#include <algorithm>

#include "crypto/key_weakness.h"
#include "fuzz/target.h"
#include "pki/csr.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(csr) {
    const base::BytesView der(data, size);
    const auto csr = pki::Csr::from_der(der);
    if (!csr) {
        require(!csr.error().empty() && csr.error().size() < 10000);
        for (const base::Error& finding : csr.error()) {
            require(!finding.message.empty() && is_printable(finding.message));
        }
        return 0;
    }
    require(std::ranges::equal(csr->der(), der));
    require(size <= pki::Csr::max_size);
    (void)csr->must_staple();
    (void)crypto::key_weakness(csr->public_key());
    for (const std::string& name : csr->names().dns_names) {
        require(!name.empty() && is_printable(name) && !name.contains(' '));
    }
    for (const std::string& name : csr->common_names()) require(is_printable(name));
    for (const base::IpAddress& address : csr->names().ip_addresses) {
        require(base::IpAddress::from_text(address.to_string()) == address);
    }
    base::Bytes longer = csr->der();
    longer.push_back(0);
    require(!pki::Csr::from_der(longer));
    return 0;
}
