#pragma once

#include <optional>

#include "client/lineage.h"
#include "client/session.h"
#include "client/state_directory.h"
#include "crypto/key.h"
#include "pki/certificate.h"
#include "protocol/revocation.h"

namespace cairn::client {

/// What came of a request to revoke.
enum class RevocationOutcome { revoked, was_revoked_already };

/// A revocation that was asked for from here.
struct RevocationNote {
    base::Time time;
    protocol::RevocationReason reason = protocol::RevocationReason::unspecified;
};

/// Writes down, durably, that `certificate` is revoked. Throws Failure.
void note_revocation(const StateDirectory& state, const pki::Certificate& certificate,
                     const RevocationNote& note);
/// What is written down about `certificate`. A note that cannot be read still says that it is
/// revoked.
[[nodiscard]] std::optional<RevocationNote> revocation_note(const StateDirectory& state,
                                                            const pki::Certificate& certificate);

/// Revokes `certificate` (RFC 8555 section 7.6): signed by the session's account or, if `key` is
/// given, by the certificate's own key. Throws Failure.
RevocationOutcome revoke(Session& session, const pki::Certificate& certificate,
                         protocol::RevocationReason reason,
                         const std::optional<crypto::PrivateKey>& key);

/// The lineage that a certificate belongs to, live or archived, and its key.
struct Provenance {
    LineageName lineage;
    crypto::PrivateKey key;
};
[[nodiscard]] std::optional<Provenance> find_provenance(const StateDirectory& state,
                                                        const pki::Certificate& certificate);

}  // namespace cairn::client
