#include <cstdlib>

#include "base/base64url.h"
#include "base/bytes.h"
#include "fuzz/target.h"

using cairn::base::base64url;
using cairn::base::from_base64url;

// All that clients send in base64url: nonces, tokens, serial numbers, the parts of a JWS.
CAIRN_FUZZ_TARGET(base64url) {
    const cairn::base::BytesView octets{data, size};
    const auto back = from_base64url(base64url(octets));
    if (!back || cairn::base::text_of(*back) != cairn::base::text_of(octets)) std::abort();
    // One text for each content: a nonce that was used has no second spelling.
    const auto text = cairn::base::text_of(octets);
    const auto read = from_base64url(text);
    if (read && base64url(*read) != text) std::abort();
    return 0;
}
