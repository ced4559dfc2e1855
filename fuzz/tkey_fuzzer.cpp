#include <cstdint>
#include <cstdlib>

#include "dns/tkey.h"

using namespace cairn;

// What is read of an answer is within it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto answer = dns::read_tkey_answer({data, size}, "k.example");
    if (answer && answer->token.size() > size) std::abort();
    return 0;
}
