#include <cstdlib>
#include <sstream>
#include <string>

#include "base/bytes.h"
#include "crypto/sealed_stream.h"
#include "fuzz/target.h"

using cairn::crypto::SealHeader;
using cairn::crypto::SealKey;
using cairn::crypto::Unsealer;

CAIRN_FUZZ_TARGET(sealed_stream) {
    const cairn::base::BytesView octets(data, size);
    if (size >= SealHeader::size) {
        const auto header = SealHeader::from_octets(octets.first(SealHeader::size));
        if (header && header->to_octets() != cairn::base::copy_of(octets.first(SealHeader::size)))
            std::abort();
    }
    // A key that takes no time, and chunks that nobody sealed with it.
    static const SealHeader known;
    static const SealKey key = [] {
        SealHeader cheap;
        cheap.cost = 14;
        return SealKey::from_passphrase(cheap, "known");
    }();
    std::istringstream in{std::string(cairn::base::text_of(octets))};
    Unsealer unsealer(in, known, key);
    for (;;) {
        const auto part = unsealer.next();
        if (!part || part->empty()) break;
    }
    return 0;
}
