// Revocation lists. What is accepted must be what its type promises, and must not be accepted with
// another octet behind it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pki/crl.h"

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
