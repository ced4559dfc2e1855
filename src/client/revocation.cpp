#include "client/revocation.h"

#include <fmt/format.h>

#include "client/lineage_fact_store.h"
#include "crypto/digest.h"

namespace cairn::client {
std::string digest_of(const pki::Certificate& certificate) {
    return base::to_hex(crypto::sha256(certificate.der()));
}

void note_revocation(const StateDirectory& state, const LineageMember& member,
                     const pki::Certificate& certificate, const RevocationNote& note) {
    LineageFactStore(state, member).change([&](LineageFacts& facts) {
        facts.add(KnownRevocation{digest_of(certificate), note});
    });
}

std::optional<RevocationNote> revocation_note(const StateDirectory& state,
                                              const LineageMember& member,
                                              const pki::Certificate& certificate) {
    const auto facts = LineageFactStore(state, member).read();
    if (!facts) return std::nullopt;
    return facts->revocation_of(digest_of(certificate));
}

RevocationOutcome revoke(Session& session, const pki::Certificate& certificate,
                         protocol::RevocationReason reason,
                         const std::optional<crypto::Signer>& key) {
    const Aim aim(fmt::format("revoke the certificate {}", certificate.serial().to_hex()),
                  Phase::revocation);
    const auto& url = session.directory().revoke_cert;
    if (url.empty())
        throw Failure(aim, fmt::format("the directory of {} has no revokeCert", session.host()),
                      "ask the CA to revoke it.");
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
        for (const auto& member : possible_members(name))
            if (const auto key = Lineage(state, member).key_of(certificate))
                return Provenance{
                    member, key->is_elsewhere() ? std::nullopt : std::optional(key->signer())};
    return std::nullopt;
}

}  // namespace cairn::client
