// Certification requests. What is accepted must be what its types promise, and must not be accepted
// with another octet behind it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/key_weakness.h"
#include "pki/csr.h"

namespace {

using namespace cairn;

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
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
