// Questions for the status of a certificate. What is accepted must be what its type promises, and
// must not be accepted with another octet behind it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pki/ocsp_request.h"

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
