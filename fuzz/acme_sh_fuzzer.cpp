#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "client/dns/acme_sh.h"

using namespace cairn;

// Whatever a script tells of itself, its variables are such as a shell has.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = base::text_of(base::BytesView{data, size});
    const auto info = client::AcmeShInfo::from_script(text, "dns_x");
    for (const auto& [name, meaning] : info.options)
        if (!client::is_shell_variable(name)) std::abort();
    return 0;
}
