// Whole requests to the API, in sequences and at once, against a model of what must hold:
// src/api/testing/request_sequence.h. The parsers behind it have targets of their own.

// Checks 52, 80, 91, 127, 128, 138, 142, 153, 154, 169.

#include <cstdio>
#include <cstdlib>

#include "api/testing/request_sequence.h"
#include "fuzz/target.h"

CAIRN_FUZZ_TARGET(api_sequence) {
    cairn::api::testing::RequestSequence sequence;
    if (const auto finding = sequence.play({data, size})) {
        std::fprintf(stderr, "what does not hold: %s\n", finding->c_str());
        std::abort();
    }
    return 0;
}
