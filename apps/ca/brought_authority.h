#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/ca/findings.h"
#include "apps/ca/issuer_key.h"
#include "base/clock.h"
#include "ca/rules/policy_kind.h"
#include "crypto/key.h"
#include "crypto/passphrase.h"
#include "pki/chain.h"

namespace cairn::apps {

/// The files of an authority that an operator has already. Certificates are PEM, in any order and
/// with whatever else stands in the file, DER, or PKCS#12.
struct BroughtFiles {
    /// Of the authority and those above it.
    std::filesystem::path certificates{};
    /// Empty: it is in `certificates`. Also the PKCS #11 URI of a key in a token.
    std::filesystem::path key{};
    /// Empty: it is in `certificates`.
    std::filesystem::path root{};
    /// A root that may be theirs, if the file is there.
    std::filesystem::path known_root{};
    crypto::PassphraseSource passphrase{};
};

/// An authority that was brought, and found fit.
struct BroughtAuthority {
    /// The certificate of the key first, the root last.
    pki::Chain chain;
    IssuerKey key;
    /// Not empty: the key came encrypted, with this passphrase.
    base::SecretBytes passphrase{};
    /// What an operator should know, and what forbids nothing.
    std::vector<std::string> notes{};

    [[nodiscard]] const pki::Certificate& root() const { return chain.back(); }
    /// As an issuer's file has it: without the root.
    [[nodiscard]] pki::Chain chain_without_root() const { return {chain.begin(), chain.end() - 1}; }
};

/// What an authority is wanted for.
struct WantedUse {
    enum class Role {
        issuer,             ///< it issues certificates
        above_our_issuers,  ///< it certifies intermediates of ours
    };
    Role role = Role::issuer;
    ca::PolicyKind kind = ca::PolicyKind::private_ca;
    base::Time now{};
};

/// Reads the files and judges them: whether the key is that of a certificate, what leads from there
/// to a root, and all that would make verifiers refuse what it signs: dates, basicConstraints, key
/// usage, extended key usage, path length, strength of keys and signatures. Name constraints are
/// notes. Adds whatever is wrong to `findings`; nothing if anything is.
[[nodiscard]] std::optional<BroughtAuthority> load_brought(const BroughtFiles& files,
                                                           const WantedUse& use,
                                                           Findings& findings);

}  // namespace cairn::apps
