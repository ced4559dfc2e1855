#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "ca/facts/certificate.h"
#include "ca/facts/crl.h"
#include "ca/ports/observer.h"
#include "ca/ports/signer.h"
#include "ca/rules/draft.h"
#include "crypto/key.h"
#include "pki/certificate_builder.h"
#include "pki/chain.h"
#include "pki/name_constraints.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"

namespace cairn::ca {

/// No issuer whose business it is can sign at this time of the clock: it begins later, or is over.
/// The same signature may succeed once the clock or the issuer was replaced.
class IssuerUnavailable : public SignerUnavailable {
  public:
    using SignerUnavailable::SignerUnavailable;
};

/// The lint found something wrong with what was to be signed: a mistake of the CA or of its
/// configuration, never the client's. What it says is for the operator.
class LintRefused : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
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
    /// signer's key is not its first certificate's; if the issuer is active, also for a chain below
    /// which verifiers would refuse every certificate. `other_chains`: those that clients may
    /// choose instead; each must begin with a certificate of the same name and key.
    Issuer(std::string name, pki::Chain chain, std::unique_ptr<Signer> signer,
           std::string certificate_url, Use use, std::vector<pki::Chain> other_chains = {});

    [[nodiscard]] const std::string& name() const { return name_; }
    /// As certificates refer to it in the store.
    [[nodiscard]] const IssuerId& id() const { return id_; }
    [[nodiscard]] const pki::Chain& chain() const { return chain_; }
    /// All chains, to be kept in the store.
    [[nodiscard]] IssuerChains chains() const;
    [[nodiscard]] const pki::Certificate& certificate() const { return chain_.front(); }
    [[nodiscard]] const std::string& certificate_url() const { return certificate_url_; }
    /// What its certificates call its revocation lists.
    struct CrlNames {
        /// URL of the complete list; empty: none is named.
        std::string complete{};
        /// Those among which certificates are divided now.
        std::vector<CrlList> shards{};
        /// All that there are, those of former configurations too.
        std::vector<CrlList> all{};
    };
    /// URL of the OCSP responder that certificates name; empty: none. Before it signs anything.
    void name_ocsp(std::string url) { ocsp_url_ = std::move(url); }
    /// Before it signs anything.
    void name_crls(CrlNames names) { crl_names_ = std::move(names); }
    [[nodiscard]] const Use& use() const { return use_; }
    /// Whether it is active and issues certificates of `profile` while it is valid.
    [[nodiscard]] bool is_for(const std::string& profile) const;
    /// The same for a key of this kind.
    [[nodiscard]] bool is_for(const std::string& profile, crypto::KeyAlgorithm subject) const {
        return is_for(profile) && has_kind(subject);
    }
    /// Whether it issues for keys of this kind.
    [[nodiscard]] bool has_kind(crypto::KeyAlgorithm subject) const;
    /// Why the chain's name constraints forbid a certificate for `identifier`, or nothing.
    [[nodiscard]] std::optional<std::string> refusal(const protocol::Identifier& identifier) const;
    /// Whether they forbid none of these.
    [[nodiscard]] bool permits(std::span<const protocol::Identifier> identifiers) const;
    /// Whether the chain may certify for `purpose`.
    [[nodiscard]] bool permits(pki::KeyPurpose purpose) const {
        return pki::permits_purpose(chain_, purpose);
    }
    /// Whether they let a subject have a common name.
    [[nodiscard]] bool permits_common_name() const;
    /// The draft of what `proof` proves, for `sign`. Throws LintRefused naming the first findings
    /// of the lint, if there are any.
    [[nodiscard]] Draft draft(IssuanceProof proof) const;
    [[nodiscard]] Draft draft(OwnCertificateProof proof) const;
    /// The draft of what `proof` proves in the octets of `pin`, which is of this issuer.
    [[nodiscard]] Draft draft(const IssuanceProof& proof, const IssuancePin& pin) const;
    /// The draft of a revocation list.
    [[nodiscard]] Draft draft(const pki::CrlFields& fields) const;
    /// The draft of the certificate of an OCSP responder.
    [[nodiscard]] Draft draft(const pki::OcspResponderFields& fields) const;
    /// Signs; the DER of the signed object. `observer` hears how long that took and how it ended.
    /// Throws what `Signer::sign` throws.
    [[nodiscard]] base::Task<base::Bytes> sign(Draft draft, Observer& observer) const;
    /// Where it signs.
    [[nodiscard]] Signer::Place signing_place() const { return signer_->place(); }
    /// What is kept of a certificate with these fields and is known before it is signed.
    [[nodiscard]] IssuedCertificate record_of(const pki::ServerCertificateFields& fields,
                                              const pki::CertificateProfile& profile) const;
    /// The same of one that was drawn up as `pin`, under a profile that may have changed since.
    [[nodiscard]] IssuedCertificate record_of(const pki::ServerCertificateFields& fields,
                                              const IssuancePin& pin) const;
    /// When it and all above it in its chain are valid; both ends inclusive.
    [[nodiscard]] const pki::Validity& validity() const { return validity_; }
    [[nodiscard]] bool is_valid(base::Time now) const {
        return now >= validity_.not_before && now < validity_.not_after;
    }

  private:
    /// The shard that a certificate with this serial number belongs to; null: to none.
    [[nodiscard]] const CrlList* shard_for(const pki::SerialNumber& serial,
                                           const pki::CertificateProfile& profile) const;
    [[nodiscard]] Draft::Places places_for(const pki::ServerCertificateFields& fields,
                                           const pki::CertificateProfile& profile) const;
    /// Throws std::invalid_argument for one that cannot stand in the place of the usual chain.
    void require_other_chain(std::size_t number) const;

    std::string name_;
    IssuerId id_;
    pki::Chain chain_;
    pki::Validity validity_;
    std::unique_ptr<Signer> signer_;
    std::string certificate_url_;
    Use use_;
    std::vector<pki::Chain> other_chains_;
    /// Of the certificates of the chain that have any.
    std::vector<pki::NameConstraints> constraints_;
    CrlNames crl_names_;
    std::string ocsp_url_;
};

/// The issuers of a CA, never empty.
class Issuers {
  public:
    /// Throws std::invalid_argument if there is none, or if two have the same certificate.
    explicit Issuers(std::vector<Issuer> issuers);

    /// What a certificate has that decides who issues it.
    struct Wanted {
        const std::string& profile;
        crypto::KeyAlgorithm key;
        std::span<const protocol::Identifier> names;
    };
    /// The issuer for such a certificate: of those that serve its profile and kind of key, whose
    /// chains permit its names, and that are valid, the one whose own certificate begins last, so
    /// that a new one takes over as soon as it is there. Null if there is none that serves it at
    /// any time. Throws IssuerUnavailable, saying when one would be valid, if none is now.
    [[nodiscard]] const Issuer* choose(const Wanted& wanted, base::Time now) const;
    /// Why an order of `profile` for these names could not be issued at any time, whatever its key:
    /// no one issuer's chain permits them all. Nothing if one does, or if none serves the profile.
    [[nodiscard]] std::optional<protocol::Problem> names_refusal(
        const std::string& profile, std::span<const protocol::Identifier> names) const;

    /// Who issues the certificate of the CA's own server, and for which kind of key.
    struct OwnServer {
        const Issuer& issuer;
        crypto::KeyAlgorithm key;
    };
    /// P-256 and the issuer for `profile` where that can be. Else what comes next: another kind of
    /// key, then an issuer of other profiles, then one that was not made for these names or keys,
    /// since a CA that nobody can reach is of no use. Nothing if no issuer is active. Throws
    /// IssuerUnavailable if none of those is valid now.
    [[nodiscard]] std::optional<OwnServer> for_own_server(
        const std::string& profile, std::span<const protocol::Identifier> names,
        base::Time now) const;
    [[nodiscard]] const std::vector<Issuer>& all() const { return issuers_; }
    /// As Issuer::name_crls, of the issuer with this id.
    void name_crls(const IssuerId& id, Issuer::CrlNames names);
    /// As Issuer::name_ocsp, of all of them.
    void name_ocsp(const std::string& url);
    /// Null if there is none with this id; active or not.
    [[nodiscard]] const Issuer* find(const IssuerId& id) const;

  private:
    /// Of the issuers for which `is_candidate` is true and that are valid, the one whose own
    /// certificate begins last. Null if there is no candidate; throws IssuerUnavailable if none of
    /// them is valid now.
    template <class Predicate>
    [[nodiscard]] const Issuer* newest(Predicate is_candidate, base::Time now) const;

    std::vector<Issuer> issuers_;
};

}  // namespace cairn::ca
