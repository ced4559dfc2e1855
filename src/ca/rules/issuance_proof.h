#pragma once

#include <span>

#include "ca/facts/account_scope.h"
#include "ca/facts/authorization.h"
#include "ca/facts/order.h"
#include "ca/rules/caa_rules.h"
#include "ca/rules/profile.h"
#include "pki/certificate_builder.h"
#include "pki/certificate_profile.h"
#include "pki/csr.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"

namespace cairn::ca {

/// The proof that a certificate for an order may be signed: of every name it is proved that the
/// order's account controls it, or, under a profile that allows that, the operator's word stands
/// for that. `of` alone makes one, from the order and its authorizations.
class IssuanceProof {
  public:
    /// Proves that every name of `order` has a valid authorization of the order's account, in
    /// `proofs`, at the moment of the order's intent, and no operator's word among them that the
    /// profile does not allow, that `csr` is the one in the intent and asks
    /// for exactly these names, and no URIs but those of `scope`, that of the order's account, with
    /// a key that may be certified, that CAA records were asked for as `caa` wants it, and that the
    /// order's profile is among `profiles`, which must outlive the proof. The problem says what is
    /// missing.
    [[nodiscard]] static protocol::OrProblem<IssuanceProof> of(
        const Order& order, std::span<const Authorization> proofs, const pki::Csr& csr,
        const Profiles& profiles, const AccountScope& scope = {}, const CaaStanding& caa = {});

    /// What the certificate says of its subject: names, common name, key, serial number, validity.
    [[nodiscard]] const pki::ServerCertificateFields& fields() const { return fields_; }
    /// The kind of certificate that the order's profile wants.
    [[nodiscard]] const pki::CertificateProfile& profile() const { return *profile_; }

  private:
    friend class Draft;  // what is drawn up takes over what was proved
    IssuanceProof(pki::ServerCertificateFields fields, const pki::CertificateProfile& profile)
        : fields_(std::move(fields)), profile_(&profile) {}
    pki::ServerCertificateFields fields_;
    const pki::CertificateProfile* profile_;
};

/// The right to have the certificate signed with which the CA itself serves HTTPS. It names what
/// the operator has configured, and no authorization proves it, so it is a type of its own.
/// OwnCertificate (ca/work/own_certificate.h) alone makes one.
class OwnCertificateProof {
  public:
    [[nodiscard]] const pki::ServerCertificateFields& fields() const { return fields_; }
    [[nodiscard]] const pki::CertificateProfile& profile() const { return profile_; }

  private:
    friend class Draft;
    friend class OwnCertificate;
    enum class CommonName { first_name, none };
    OwnCertificateProof(std::span<const protocol::Identifier> names, CommonName common_name,
                        pki::CertificateProfile::Crl crl, crypto::PublicKey key,
                        pki::SerialNumber serial, pki::Validity validity);
    pki::CertificateProfile profile_;
    pki::ServerCertificateFields fields_;
};

}  // namespace cairn::ca
