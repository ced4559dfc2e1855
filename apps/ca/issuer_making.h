#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/ca/brought_authority.h"
#include "apps/ca/configuration.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "pki/certificate.h"

namespace cairn::apps {

/// What is about to be written for an issuer.
struct IssuerAct {
    /// In words, for the audit log.
    std::string detail;
    /// What was signed for it now, in DER.
    std::vector<base::Bytes> certificates{};
    std::vector<base::Bytes> requests{};
};

/// The CA that gets another issuer, and what that one is called.
struct IssuerPlace {
    std::filesystem::path folder;
    std::string name;  ///< of its files in `pki/`, and in the configuration
    const Configuration& configuration;
    base::Time now;
    /// Called once, when all was judged and before anything is written, with what was signed or is
    /// taken; throws if it must not be.
    std::function<void(const IssuerAct&)> before_writing;
};

/// What came of it. All of the following throw std::runtime_error with all that is wrong, and
/// change nothing then; no file is ever replaced.
struct MadeIssuer {
    /// None: there is a request in its place.
    std::optional<pki::Certificate> certificate{};
    std::filesystem::path request_file{};
    /// What an operator should know.
    std::vector<std::string> notes{};
    /// The table of the issuer as it belongs into ca.toml; empty: it is there.
    std::string table{};
};

/// A new key of `key_type`, certified by the root in `root` (pki/root.pem and pki/root-key.pem if
/// that names no file). `life`: of the certificate; none: five years, or as long as the root.
[[nodiscard]] MadeIssuer create_issuer(const IssuerPlace& place, const BroughtFiles& root,
                                       crypto::KeyType key_type, std::optional<base::Seconds> life,
                                       const std::optional<std::string>& common_name,
                                       const IssuerKeyStore& store, crypto::Random& random);
/// An issuer that is there already.
[[nodiscard]] MadeIssuer import_issuer(const IssuerPlace& place, BroughtFiles files);
/// A new key, and pki/NAME.csr for a root kept elsewhere.
[[nodiscard]] MadeIssuer request_issuer(const IssuerPlace& place, crypto::KeyType key_type,
                                        const std::string& common_name,
                                        const std::string& organization,
                                        const IssuerKeyStore& store = {});
/// The answer to that request: `files` names the certificates and perhaps the root; the key is
/// pki/NAME-key.pem.
[[nodiscard]] MadeIssuer install_issuer(const IssuerPlace& place, BroughtFiles files);

}  // namespace cairn::apps
