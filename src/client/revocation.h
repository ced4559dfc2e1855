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
