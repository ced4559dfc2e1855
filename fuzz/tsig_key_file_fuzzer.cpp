#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "dns/tsig_key_file.h"

using namespace cairn;

// A key that is read has a name and a secret.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto key = dns::tsig_key_from_file(base::text_of(base::BytesView{data, size}));
    if (key && (key->name.empty() || key->secret.empty())) std::abort();
    return 0;
}
