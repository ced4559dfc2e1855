#include "apps/cairn/known_roots.h"

#include <algorithm>

#include "client/certificate_plan.h"

namespace cairn {

std::string known_root_file(Run& run, const std::string& directory_url) {
    const auto settings = run.settings();
    const auto usual =
        std::ranges::find(settings->authorities, directory_url, &client::Authority::directory_url);
    if (usual != settings->authorities.end()) return usual->root_file;
    for (const auto& lineage : run.state().lineages()) {
        const auto plan = client::CertificatePlan::read(run.state().renewal(lineage));
        if (!plan) continue;
        if (const auto* authority = plan->find_authority(directory_url))
            return authority->root_file;
    }
    return {};
}

}  // namespace cairn
