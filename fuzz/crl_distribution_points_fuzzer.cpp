#include <cstdlib>

#include "base/bytes.h"
#include "fuzz/target.h"
#include "pki/crl_distribution_points.h"

// What is read is bounded, and stands in the encoding.
CAIRN_FUZZ_TARGET(crl_distribution_points) {
    const cairn::base::BytesView octets(data, size);
    const auto urls = cairn::pki::crl_urls_in(octets);
    if (!urls) return 0;
    if (urls->size() > 10) std::abort();
    for (const auto& url : *urls)
        if (cairn::base::text_of(octets).find(url) == std::string_view::npos) std::abort();
    return 0;
}
