#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ca/certificate.h"
#include "ca/signer.h"
#include "crypto/key.h"
#include "pki/certificate_builder.h"
#include "pki/chain.h"

namespace cairn::ca {

/// No issuer whose business it is can sign at this time of the clock: it begins later, or is over.
/// The same signature may succeed once the clock or the issuer was replaced.
class IssuerUnavailable : public SignerUnavailable {
  public:
    using SignerUnavailable::SignerUnavailable;
};

/// A CA certificate with the key behind it, and what it is used for.
class Issuer {
  public:
    /// For which certificates an issuer is used.
    struct Use {
        /// Profiles by name; empty: every one.
        std::set<std::string> profiles{};
        /// Kinds of the subject's key; empty: every one.
        std::set<crypto::KeyAlgorithm> key_algorithms{};
        /// False: it issues nothing any more; its certificates are served and revoked as before.
        bool active = true;
    };

    /// `chain`: the issuer's certificate first, then those above it, without the root.
    /// `certificate_url`: where its certificate can be fetched over http, for the AIA extension.
    /// Throws std::invalid_argument if the chain is empty, its first certificate is no CA's, or the
    /// signer's key is not its first certificate's.
    Issuer(std::string name, pki::Chain chain, std::unique_ptr<Signer> signer,
           std::string certificate_url, Use use);

    [[nodiscard]] const std::string& name() const { return name_; }
    /// As certificates refer to it in the store.
    [[nodiscard]] const IssuerId& id() const { return id_; }
    [[nodiscard]] const pki::Chain& chain() const { return chain_; }
    [[nodiscard]] const pki::Certificate& certificate() const { return chain_.front(); }
    [[nodiscard]] const std::string& certificate_url() const { return certificate_url_; }
    [[nodiscard]] Signer& signer() const { return *signer_; }
    [[nodiscard]] const Use& use() const { return use_; }
    /// Whether certificates of `profile` for a key of this kind are issued by it while it is valid.
    [[nodiscard]] bool is_for(const std::string& profile, crypto::KeyAlgorithm subject) const;
    /// When it and all above it in its chain are valid; both ends inclusive.
    [[nodiscard]] const pki::Validity& validity() const { return validity_; }
    [[nodiscard]] bool is_valid(base::Time now) const {
        return now >= validity_.not_before && now < validity_.not_after;
    }

  private:
    std::string name_;
    IssuerId id_;
    pki::Chain chain_;
    pki::Validity validity_;
    std::unique_ptr<Signer> signer_;
    std::string certificate_url_;
    Use use_;
};

/// The issuers of a CA, never empty.
class Issuers {
  public:
    /// Throws std::invalid_argument if there is none, or if two have the same certificate.
    explicit Issuers(std::vector<Issuer> issuers);

    /// The issuer for a certificate of `profile` for a key of this kind: of those that serve it and
    /// are valid, the one whose own certificate begins last, so that a new one takes over as soon
    /// as it is there. Null if there is none that serves it at any time. Throws IssuerUnavailable,
    /// saying when one would be valid, if none is now.
    [[nodiscard]] const Issuer* choose(const std::string& profile, crypto::KeyAlgorithm subject,
                                       base::Time now) const;
    [[nodiscard]] const std::vector<Issuer>& all() const { return issuers_; }

  private:
    std::vector<Issuer> issuers_;
};

}  // namespace cairn::ca
