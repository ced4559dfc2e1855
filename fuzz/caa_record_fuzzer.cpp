#include <cstdlib>

#include "dns/caa_record.h"
#include "fuzz/target.h"

using namespace cairn::dns;

// The value of an issue property.
CAIRN_FUZZ_TARGET(caa_record) {
    const auto issuer = CaaIssuer::from_value({data, size});
    if (!issuer) return 0;
    if (issuer->domain.size() > size || issuer->domain.find(';') != std::string::npos) std::abort();
    for (const auto& [tag, value] : issuer->parameters) {
        if (tag.empty() || value.find(';') != std::string::npos) std::abort();
        for (const auto& method : listed_methods(value))
            if (method.empty() || method.find(',') != std::string::npos) std::abort();
    }
    return 0;
}
