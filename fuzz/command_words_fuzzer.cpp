#include <cstdlib>

#include "base/bytes.h"
#include "client/command_words.h"
#include "fuzz/target.h"

using namespace cairn;

// What is split is written so that it is split in the same way again; nothing is run or looked up.
CAIRN_FUZZ_TARGET(command_words) {
    const auto words = client::CommandWords::from_text(base::text_of({data, size}));
    if (!words) return 0;
    if (words->program().empty() || words->arguments().size() >= client::CommandWords::max_words)
        std::abort();
    const auto text = words->text();
    // Quoting makes it longer.
    if (text.size() > client::CommandWords::max_text) return 0;
    const auto again = client::CommandWords::from_text(text);
    if (!again || *again != *words) std::abort();
    return 0;
}
