#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ca/facts/order.h"
#include "ca/rules/issuance_proof.h"
#include "pki/certificate.h"
#include "pki/crl_builder.h"
#include "pki/ocsp_builder.h"

namespace cairn::ca {

/// What an issuer is about to sign, complete but for the signature. Each maker has one kind, and
/// gives nothing out that has not passed the lint of that kind; a signer takes nothing else.
class Draft {
  public:
    enum class Kind { certificate, precertificate, crl, ocsp_responder, ocsp_response };
    /// A draft, or every finding of its lint: each is a mistake of the CA or of its configuration.
    using OrFindings = base::Result<Draft, std::vector<base::Error>>;

    /// What a certificate says of where things can be fetched over http; each may be empty.
    struct Places {
        std::string issuer;  ///< the issuer's certificate
        std::string crl{};   ///< the list that would tell of its revocation
        std::string ocsp{};  ///< where its status can be asked for
    };
    /// Draws up the certificate that `proof` proves, to be signed by `issuer`.
    [[nodiscard]] static OrFindings certificate(IssuanceProof proof, const pki::Certificate& issuer,
                                                const Places& places);
    /// The same for the certificate of the CA's own server.
    [[nodiscard]] static OrFindings certificate(OwnCertificateProof proof,
                                                const pki::Certificate& issuer,
                                                const Places& places);

    /// The certificate that an issuance is bound to, in the octets of `pin`: what `proof` proves,
    /// and by `issuer`. The profile may have changed since they were drawn up, so they are not
    /// compared with it.
    [[nodiscard]] static OrFindings pinned(const IssuanceProof& proof, const IssuancePin& pin,
                                           const pki::Certificate& issuer);
    /// The precertificate for the certificate that `certificate` is the draft of (RFC 6962 section
    /// 3.1), by the same issuer. Throws std::invalid_argument for a draft of another kind.
    [[nodiscard]] static OrFindings precertificate(const Draft& certificate);
    /// A revocation list of `issuer`.
    [[nodiscard]] static OrFindings crl(const pki::CrlFields& fields,
                                        const pki::Certificate& issuer);

    /// The certificate of one to whom `issuer` delegates its answers of certificates' status.
    [[nodiscard]] static OrFindings ocsp_responder(const pki::OcspResponderFields& fields,
                                                   const pki::Certificate& issuer);
    /// What `issuer` answers of a certificate's status, to be signed as a BasicOCSPResponse, by
    /// itself or by a responder that it has delegated that to.
    [[nodiscard]] static OrFindings ocsp_response(const pki::OcspFields& fields,
                                                  const pki::Certificate& issuer);
    [[nodiscard]] static OrFindings ocsp_response(const pki::OcspFields& fields,
                                                  const pki::Certificate& issuer,
                                                  const pki::Certificate& responder);

    [[nodiscard]] Kind kind() const { return kind_; }
    /// The DER of the TBSCertificate, TBSCertList or ResponseData.
    [[nodiscard]] const base::Bytes& to_be_signed() const { return to_be_signed_; }
    /// The DER AlgorithmIdentifier of the signature, which is that of the issuer's key. The view is
    /// of static memory.
    [[nodiscard]] base::BytesView algorithm() const { return algorithm_; }

  private:
    Draft(Kind kind, base::Bytes to_be_signed, base::BytesView algorithm)
        : kind_(kind), to_be_signed_(std::move(to_be_signed)), algorithm_(algorithm) {}
    static OrFindings draw_up(const pki::ServerCertificateFields& fields,
                              const pki::CertificateProfile& profile,
                              const pki::Certificate& issuer);
    Kind kind_;
    base::Bytes to_be_signed_;
    base::BytesView algorithm_;
};

}  // namespace cairn::ca
