#include <cstdlib>

#include "base/bytes.h"
#include "client/dns/certbot_credentials.h"
#include "fuzz/target.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(certbot_credentials) {
    const auto text = base::text_of({data, size});
    for (const auto* provider : {"cloudflare", "rfc2136", "ovh", "ns1", "gcloud"}) {
        const auto read = client::certbot_credentials(provider, text);
        if (!read || !*read) continue;
        for (const auto& [key, value] : **read)
            // Nothing is made up but the port's colon, brackets, and a name of an algorithm.
            if (key.empty() || value.size() > size + 8) std::abort();
    }
    return 0;
}
