#include "client/library/kept_certificate.h"

#include <utility>

#include "client/lineage_member.h"

namespace cairn::client {

std::string_view KeptCertificate::key_text() const {
    return {reinterpret_cast<const char*>(key_pem.data()), key_pem.size()};
}

std::vector<KeptCertificate> kept_certificates(const StateDirectory& state,
                                               const LineageName& lineage,
                                               const CertificatePlan& plan) {
    std::vector<KeptCertificate> kept;
    for (const auto& member : planned_members(lineage, plan)) {
        const Lineage files(state, member);
        auto current = files.current();
        if (!current || current->key.is_elsewhere()) continue;
        auto pem = pki::to_pem(current->chain);
        kept.push_back({.lineage = lineage.text(),
                        .key_type = member.key_type(plan),
                        .chain = std::move(current->chain),
                        .chain_pem = std::move(pem),
                        .key_pem = current->key.text(),
                        .files = files.live_files()});
    }
    return kept;
}

}  // namespace cairn::client
