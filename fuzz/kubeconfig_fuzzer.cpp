#include <cstdlib>

#include "base/bytes.h"
#include "client/deploy/kubeconfig.h"

using namespace cairn;

// YAML of any shape is read or refused; what is read has a server.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto access = client::kube_access_from(base::text_of({data, size}), "", "/folder");
    if (access ? access->server.empty() : access.error().message.empty()) std::abort();
    return 0;
}
