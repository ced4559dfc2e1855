#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/key.h"
#include "pki/certificate_profile.h"
#include "pki/chain.h"
#include "protocol/identifier.h"

namespace cairn::client {

/// How much earlier than the CA's the clock here may be when its certificate is judged.
inline constexpr std::chrono::hours clock_tolerance{1};

/// What a certificate is to be.
struct ExpectedCertificate {
    const crypto::PublicKey& key;
    std::span<const protocol::Identifier> identifiers;
    /// By the clock of this machine.
    base::Time now;
    /// What it is for, if it says so; nothing: for whatever it says.
    std::optional<pki::KeyPurpose> purpose = pki::KeyPurpose::server_auth;
};

/// Reads what a CA sent as our certificate (RFC 8555 section 9.1) and checks that it is: that the
/// first certificate holds our key and exactly the names we asked for, is valid now, is no CA and
/// for our purpose, and that each is signed by the next, which is a CA; the first of those is
/// valid, too. Blocks of another kind, more than 100 certificates and more than 1 MiB are refused.
[[nodiscard]] base::Result<pki::Chain> issued_chain_from_pem(std::string_view pem,
                                                             const ExpectedCertificate& expected);

/// True if these names of a certificate are exactly those of `identifiers`, in any order and case.
[[nodiscard]] bool is_exactly_for(const pki::SubjectNames& names,
                                  std::span<const protocol::Identifier> identifiers);

/// True if `chain` ends below a certificate whose common name is `issuer`.
[[nodiscard]] bool leads_to(std::span<const pki::Certificate> chain, std::string_view issuer);

}  // namespace cairn::client
