// PKCS #11 URIs. What is taken is written in a form that says the same; a refusal says why, and no
// PIN is repeated.

#include <string_view>

#include "crypto/pkcs11/uri.h"
#include "fuzz/target.h"

namespace {

using namespace cairn;

// An attribute of that name stands behind the first question mark or an ampersand.
bool has_pin(std::string_view text) {
    const auto query = text.find('?');
    return query != text.npos && (text.substr(query).starts_with("?pin-value=") ||
                                  text.substr(query).contains("&pin-value="));
}

}  // namespace

CAIRN_FUZZ_TARGET(uri) {
    const std::string_view text = base::text_of({data, size});
    const auto uri = crypto::Pkcs11Uri::from_text(text);
    if (!uri) {
        require(!uri.error().message.empty() && is_printable(uri.error().message));
        return 0;
    }
    require(!has_pin(text));
    // Encoded octets take more room, so what is long may be too long when it is written.
    constexpr std::size_t surely_short = 1000;
    if (size > surely_short) return 0;
    const auto again = crypto::Pkcs11Uri::from_text(uri->text());
    require(again && *again == *uri && is_printable(uri->text()));
    return 0;
}
