#include <cstdlib>

#include "base/bytes.h"
#include "client/dns/acme_sh.h"
#include "fuzz/target.h"

using namespace cairn;

// Whatever a script tells of itself, its variables are such as a shell has.
CAIRN_FUZZ_TARGET(acme_sh) {
    const auto text = base::text_of(base::BytesView{data, size});
    const auto info = client::AcmeShInfo::from_script(text, "dns_x");
    for (const auto& [name, meaning] : info.options)
        if (!client::is_shell_variable(name)) std::abort();
    return 0;
}
