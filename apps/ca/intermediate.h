#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ca/issuer_key.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "ca/rules/policy_kind.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "pki/certificate_builder.h"
#include "pki/chain.h"

namespace cairn::apps {

/// What an intermediate is to be like.
struct IntermediatePlan {
    std::string common_name;
    std::string organization;
    crypto::KeyType key_type = crypto::KeyType::ec_p256;
    /// A public CA's is for TLS servers alone (Chrome Root Program 1.8), else for their clients,
    /// too.
    ca::PolicyKind kind = ca::PolicyKind::private_ca;
    /// None: five years, or until one of those above it ends.
    std::optional<base::Seconds> life{};
    /// Where its key is made.
    IssuerKeyStore store{};
};

/// An issuer's certificate and its key, as they are made or brought, and written.
struct Intermediate {
    IssuerKey key;
    /// The issuer's certificate first, then those above it, without the root.
    pki::Chain chain;
    /// Not empty: the key is written encrypted with it.
    base::SecretBytes passphrase{};

    [[nodiscard]] const pki::Certificate& certificate() const { return chain.front(); }

    /// A new key, certified by the first of `above` (the root last), whose key is `signer`. Throws
    /// std::runtime_error if either key cannot be had or used.
    [[nodiscard]] static Intermediate make(const IntermediatePlan& plan, const pki::Chain& above,
                                           const crypto::Signer& signer, base::Time now,
                                           crypto::Random& random);
};

/// Files that are written one after the other, all or none: what was written is removed again
/// unless `keep` is called.
class NewFiles {
  public:
    NewFiles() = default;
    ~NewFiles();
    NewFiles(const NewFiles&) = delete;
    NewFiles& operator=(const NewFiles&) = delete;

    /// Throws std::runtime_error naming the file and the reason.
    void write(const std::filesystem::path& path, std::string_view content, unsigned mode);
    /// A private key in PEM with mode 0600, encrypted if the passphrase is not empty; nothing for
    /// one in a token.
    void write_key(const std::filesystem::path& path, const IssuerKey& key,
                   base::BytesView passphrase = {});
    /// `folder`/NAME-key.pem, and then `folder`/NAME.pem.
    void write_issuer(const std::filesystem::path& folder, const std::string& name,
                      const Intermediate& issuer);
    void keep() { written_.clear(); }

  private:
    std::vector<std::filesystem::path> written_;
};

/// The validity of a certificate made now for `life`: it begins an hour early, for clocks that are
/// slow.
[[nodiscard]] pki::Validity validity_from(base::Time now, base::Seconds life);

/// What a PEM block that this program wrote itself holds, in DER.
[[nodiscard]] base::Bytes octets_of_block(std::string_view pem);

/// The end of the first of `chain` to end.
[[nodiscard]] base::Time end_of(const pki::Chain& chain);

}  // namespace cairn::apps
