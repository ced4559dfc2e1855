#include <cstdlib>

#include "dns/tkey.h"
#include "fuzz/target.h"

using namespace cairn;

// What is read of an answer is within it.
CAIRN_FUZZ_TARGET(tkey) {
    const auto answer = dns::read_tkey_answer({data, size}, "k.example");
    if (answer && answer->token.size() > size) std::abort();
    return 0;
}
