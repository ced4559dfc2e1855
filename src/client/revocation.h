#pragma once

#include <optional>
#include <string>

#include "client/lineage.h"
#include "client/lineage_facts.h"
#include "client/lineage_member.h"
#include "client/session.h"
#include "client/state_directory.h"
#include "crypto/signer.h"
#include "pki/certificate.h"
#include "protocol/revocation.h"

namespace cairn::client {

/// What came of a request to revoke.
enum class RevocationOutcome { revoked, was_revoked_already };

/// Keeps among the facts of its lineage, durably, that `certificate` is
/// revoked; what is kept of it already stays. Throws Failure.
void note_revocation(const StateDirectory& state, const LineageMember& member,
                     const pki::Certificate& certificate, const RevocationNote& note);
/// What is kept of the revocation of `certificate`. Nothing also where that
/// cannot be read: whoever relies on it sees to it that it can.
[[nodiscard]] std::optional<RevocationNote> revocation_note(const StateDirectory& state,
                                                            const LineageMember& member,
                                                            const pki::Certificate& certificate);
/// The name of a certificate among the facts.
[[nodiscard]] std::string digest_of(const pki::Certificate& certificate);

/// Revokes `certificate` (RFC 8555 section 7.6): signed by the session's
/// account or, if `key` is given, by the certificate's own key. Throws Failure.
RevocationOutcome revoke(Session& session, const pki::Certificate& certificate,
                         protocol::RevocationReason reason,
                         const std::optional<crypto::Signer>& key);

/// The lineage that a certificate belongs to, live or archived, which of its certificates it is,
/// and its key.
struct Provenance {
    LineageMember member;
    /// Nothing if it is elsewhere.
    std::optional<crypto::Signer> key;
};
[[nodiscard]] std::optional<Provenance> find_provenance(const StateDirectory& state,
                                                        const pki::Certificate& certificate);

}  // namespace cairn::client
