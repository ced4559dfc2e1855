// Questions for the status of a certificate. What is accepted must be what its type promises, and
// must not be accepted with another octet behind it.

#include "fuzz/target.h"
#include "pki/ocsp_request.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(ocsp_request) {
    const base::BytesView der(data, size);
    const auto request = pki::OcspRequest::from_der(der);
    if (!request) {
        require(!request.error().message.empty() && is_printable(request.error().message));
        return 0;
    }
    const auto& id = request->id();
    const std::size_t length = id.hash == pki::OcspHash::sha1 ? 20 : 32;
    require(id.issuer_name_hash.size() == length && id.issuer_key_hash.size() == length);
    require(!id.serial.der_content().empty());
    base::Bytes longer = base::copy_of(der);
    longer.push_back(0);
    require(!pki::OcspRequest::from_der(longer));
    return 0;
}
