#include <cstdlib>

#include "base/bytes.h"
#include "client/deploy/kubeconfig.h"
#include "fuzz/target.h"

using namespace cairn;

// YAML of any shape is read or refused; what is read has a server.
CAIRN_FUZZ_TARGET(kubeconfig) {
    const auto access = client::kube_access_from(base::text_of({data, size}), "", "/folder");
    if (access ? access->server.empty() : access.error().message.empty()) std::abort();
    return 0;
}
