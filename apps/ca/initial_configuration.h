#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ca/rules/policy_kind.h"
#include "crypto/passphrase.h"

namespace cairn::apps {

/// What `init` may be told that stands in the configuration.
struct InitialChoices {
    /// The validity of profile "default".
    base::Seconds certificate_life = std::chrono::days(90);
    /// Whether that is longer than the Baseline Requirements let a public CA have it.
    bool beyond_baseline = false;
    /// Where the passphrase of the issuer's key comes from, if it is encrypted.
    crypto::PassphraseSource passphrase{};
    /// The PKCS #11 URI of the issuer's key; empty: it is in a file.
    std::string key_uri{};
    /// The way to the TPM that has wrapped it; empty: none, or the usual one.
    std::string tcti{};
};

/// What `init` writes: every key, with its default commented out where it need not be there. A
/// private CA is useful on a company's network as it stands: its names and addresses are allowed,
/// and a comment at each of these choices tells what it opens and how to close it.
[[nodiscard]] std::string initial_configuration(const std::string& listen,
                                                const std::string& admin_listen,
                                                const std::string& public_url,
                                                const std::vector<std::string>& hosts,
                                                ca::PolicyKind kind = ca::PolicyKind::private_ca,
                                                const InitialChoices& choices = {});

}  // namespace cairn::apps
