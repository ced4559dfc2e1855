#include <cstdlib>

#include "base/bytes.h"
#include "dns/tsig_key_file.h"
#include "fuzz/target.h"

using namespace cairn;

// A key that is read has a name and a secret.
CAIRN_FUZZ_TARGET(tsig_key_file) {
    const auto key = dns::tsig_key_from_file(base::text_of(base::BytesView{data, size}));
    if (key && (key->name.empty() || key->secret.empty())) std::abort();
    return 0;
}
