#include "apps/cairn/staging_guard.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/certificate_authorities.h"
#include "client/failure.h"
#include "client/lineage.h"
#include "client/lineage_fact_store.h"

namespace cairn {
namespace {

bool is_staging(const client::Authority& authority) {
    return client::authority_of_staging(authority.directory_url).has_value();
}

/// The directory of the CA that has issued what is live; of one that came from elsewhere, that of
/// its plan.
std::string issuer_of_live(const client::StateDirectory& state, const client::LineageName& lineage,
                           const client::CertificatePlan* former) {
    if (!client::Lineage(state, lineage).current()) return {};
    const auto facts = client::LineageFactStore(state, lineage).read();
    if (facts && facts->obtained && !facts->obtained->directory_url.empty())
        return facts->obtained->directory_url;
    return former == nullptr ? std::string() : former->preferred_authority().directory_url;
}

}  // namespace

void require_no_harm_by_staging(const client::StateDirectory& state,
                                const client::LineageName& lineage,
                                const client::CertificatePlan* former,
                                const client::CertificatePlan& plan, std::string_view next) {
    if (std::ranges::none_of(plan.authorities, &is_staging)) return;
    const auto issuer = issuer_of_live(state, lineage, former);
    if (issuer.empty() || plan.find_authority(issuer) != nullptr ||
        client::authority_of_staging(issuer))
        return;
    throw client::Failure(
        fmt::format("put a staging certificate in the place of the one of {}", lineage.text()),
        fmt::format("the one that is live is from {}, and nobody trusts the other",
                    base::printable(issuer)),
        std::string(next));
}

}  // namespace cairn
