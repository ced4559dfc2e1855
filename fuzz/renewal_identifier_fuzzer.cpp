#include <cstdlib>

#include "base/bytes.h"
#include "fuzz/target.h"
#include "pki/renewal_identifier.h"

using cairn::pki::RenewalIdentifier;

// What is read is written again as it was, octet by octet.
CAIRN_FUZZ_TARGET(renewal_identifier) {
    const auto text = cairn::base::text_of({data, size});
    const auto identifier = RenewalIdentifier::from_text(text);
    if (!identifier) return 0;
    if (identifier->issuer_key_id.empty()) std::abort();
    if (identifier->to_text() != text) std::abort();
    if (RenewalIdentifier::from_text(text).value() != *identifier) std::abort();
    return 0;
}
