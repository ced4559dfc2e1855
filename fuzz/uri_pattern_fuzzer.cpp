#include <cstdlib>

#include "base/bytes.h"
#include "ca/facts/uri_pattern.h"
#include "fuzz/target.h"

using cairn::ca::check_uri_name;
using cairn::ca::UriPattern;

CAIRN_FUZZ_TARGET(uri_pattern) {
    const auto text = cairn::base::text_of({data, size});
    static const UriPattern any = UriPattern::from_text("spiffe://a.example/{x}/b/{y}").value();
    const bool is_name = check_uri_name(text).has_value();
    // Nothing matches that may not stand in a certificate, and a value matches itself alone.
    if (any.matches(text) && !is_name) std::abort();
    if (const auto pattern = UriPattern::from_text(text)) {
        if (pattern->text() != text) std::abort();
        if (pattern->matches(text) != is_name) std::abort();
    } else if (is_name) {
        std::abort();
    }
    return 0;
}
