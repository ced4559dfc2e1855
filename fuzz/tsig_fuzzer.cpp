#include <cstdlib>

#include "dns/tsig.h"
#include "fuzz/target.h"

using namespace cairn;

// A response. Nobody can sign it who does not have the key, which is in no seed.
CAIRN_FUZZ_TARGET(tsig) {
    const dns::TsigKey key{.name = "k", .function = crypto::HashFunction::sha256, .secret = {1, 2}};
    const auto verdict = dns::verify({data, size}, key, base::Bytes(32), base::Time{});
    if (verdict && verdict->is_authentic) std::abort();
    return 0;
}
