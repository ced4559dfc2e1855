#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "client/dns/acme_sh.h"
#include "client/import/shell_assignments.h"
#include "fuzz/target.h"

using namespace cairn;

// Every variable is one that a shell can have, and is either read or not.
CAIRN_FUZZ_TARGET(shell_assignments) {
    const auto file = client::ShellAssignments::from_text(base::text_of({data, size}));
    if (!file) return 0;
    std::size_t octets = 0;
    for (const auto& [name, value] : file->values) {
        if (!client::is_shell_variable(name)) std::abort();
        if (std::ranges::find(file->unread, name) != file->unread.end()) std::abort();
        octets += name.size() + value.size();
    }
    if (octets > size) std::abort();
    return 0;
}
