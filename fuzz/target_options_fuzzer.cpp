#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "client/deploy/target_options.h"
#include "fuzz/target.h"

using namespace cairn;

// What is taken apart is put together to a text that is taken apart to the same.
CAIRN_FUZZ_TARGET(target_options) {
    const auto options = client::TargetOptions::from_text(base::text_of({data, size}));
    if (!options) {
        if (options.error().message.empty()) std::abort();
        return 0;
    }
    const auto text = options->text();
    if (text.size() > client::TargetOptions::max_text) return 0;
    const auto again = client::TargetOptions::from_text(text);
    if (!again || again->text() != text) std::abort();
    return 0;
}
