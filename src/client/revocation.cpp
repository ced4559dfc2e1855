#include "client/revocation.h"

#include <fmt/format.h>

namespace cairn::client {

RevocationOutcome revoke(Session& session, const pki::Certificate& certificate,
                         protocol::RevocationReason reason,
                         const std::optional<crypto::PrivateKey>& key) {
    const auto aim = fmt::format("revoke the certificate {}", certificate.serial().to_hex());
    const auto& url = session.directory().revoke_cert;
    const auto payload = protocol::RevocationRequest{certificate.der(), reason}.to_json();
    try {
        if (key)
            session.post_with_key(*key, url, payload, aim);
        else
            session.post(url, payload, aim);
    } catch (const Failure& failure) {
        if (failure.problem() != protocol::ProblemType::already_revoked) throw;
        return RevocationOutcome::was_revoked_already;
    }
    return RevocationOutcome::revoked;
}

std::optional<Provenance> find_provenance(const StateDirectory& state,
                                          const pki::Certificate& certificate) {
    for (const auto& name : state.lineages())
        if (auto key = Lineage(state, name).key_of(certificate))
            return Provenance{name, std::move(*key)};
    return std::nullopt;
}

}  // namespace cairn::client
