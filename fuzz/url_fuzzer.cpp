#include <cstdlib>

#include "base/bytes.h"
#include "fuzz/target.h"
#include "net/url.h"

using cairn::net::Url;

CAIRN_FUZZ_TARGET(url) {
    const auto text = cairn::base::text_of({data, size});
    static const Url base = Url::from_text("http://a.example:8080/b/c/d;p?q").value();
    // What was read once reads the same again, alone and as a reference.
    if (const auto url = Url::from_text(text)) {
        if (Url::from_text(url->to_string()) != *url) std::abort();
    }
    if (const auto url = base.resolve(text)) {
        if (Url::from_text(url->to_string()) != *url) std::abort();
        if (base.resolve(url->to_string()) != *url) std::abort();
    }
    return 0;
}
