#include <cstdlib>

#include "fuzz/target.h"
#include "http/proxy_header.h"

using cairn::http::ProxyHeader;

// A header is read from exactly as many octets as it says, and from no others.
CAIRN_FUZZ_TARGET(proxy_header) {
    const cairn::base::BytesView octets{data, size};
    (void)ProxyHeader::beginning_of(cairn::base::text_of(octets));
    const auto header = ProxyHeader::from_octets(octets);
    const auto rest = ProxyHeader::size_of_rest(octets);
    if (header && (!rest || size != ProxyHeader::fixed_size + *rest)) std::abort();
    if (rest && *rest > ProxyHeader::longest_rest) std::abort();
    if (header && size > 0 && ProxyHeader::from_octets(octets.first(size - 1))) std::abort();
    return 0;
}
