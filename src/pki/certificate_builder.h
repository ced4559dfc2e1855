#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "pki/certificate.h"
#include "pki/certificate_profile.h"
#include "pki/serial_number.h"
#include "pki/subject_names.h"

namespace cairn::pki {

/// The validity of a certificate, both seconds included (RFC 5280 section 4.1.2.5).
struct Validity {
    base::Time not_before;
    base::Time not_after;
};

/// What goes into one certificate for a TLS server, beside what its profile says of all of its
/// kind. The rest is fixed: v3, key usage critical, basic constraints CA:FALSE critical, authority
/// key identifier by key id alone, SAN critical iff the subject is empty.
struct ServerCertificateFields {
    SerialNumber serial;
    Validity validity;
    crypto::PublicKey public_key;
    SubjectNames names;
    /// The subject's common name, 64 characters at most; none leaves the subject empty.
    std::optional<std::string> common_name;
    /// http URL of the issuer's certificate for the AIA caIssuers access method, or empty.
    std::string issuer_url;
    /// http URL of the OCSP responder for the AIA OCSP access method, or empty.
    std::string ocsp_url{};
    /// http URL of the CRL that would tell of this certificate, for the CRL distribution points, or
    /// empty.
    std::string crl_url{};
};
/// The DER of the TBSCertificate that `issuer` is to sign. Throws std::logic_error if `issuer` has
/// no subject key identifier, or if the fields cannot stand in a certificate.
[[nodiscard]] base::Bytes draft_server_certificate(const ServerCertificateFields& fields,
                                                   const Certificate& issuer,
                                                   const CertificateProfile& profile = {});
/// Drafts and signs. Throws std::runtime_error if the key cannot sign, std::logic_error if
/// `issuer_key` does not belong to `issuer`, if `issuer` has no subject key identifier, or if the
/// fields cannot stand in a certificate.
[[nodiscard]] Certificate make_server_certificate(const ServerCertificateFields& fields,
                                                  const Certificate& issuer,
                                                  const crypto::PrivateKey& issuer_key,
                                                  const CertificateProfile& profile = {});

/// What goes into the certificate of a delegated OCSP responder (RFC 6960 section 4.2.2.2, BR
/// 7.1.2.8). The rest is fixed: key usage critical digitalSignature, extended key usage OCSPSigning
/// alone, id-pkix-ocsp-nocheck, authority and subject key identifiers; it is no CA.
struct OcspResponderFields {
    SerialNumber serial;
    Validity validity;
    crypto::PublicKey public_key;
    std::string common_name, organization;
};
/// The DER of the TBSCertificate that `issuer` is to sign. Throws as `draft_server_certificate`.
[[nodiscard]] base::Bytes draft_ocsp_responder(const OcspResponderFields& fields,
                                               const Certificate& issuer);

/// What goes into a CA certificate: basic constraints CA:TRUE critical, key usage critical
/// keyCertSign and cRLSign (and digitalSignature), subject and authority key identifiers, path
/// length.
struct AuthorityCertificateFields {
    SerialNumber serial;
    Validity validity;
    std::string common_name;
    std::string organization;
    std::optional<int> path_length;
    /// For an intermediate: its extended key usage, by which it is technically constrained, and
    /// with it policy 2.23.140.1.2.1, without which that of its leaves would be void. Empty:
    /// neither extension is there.
    std::vector<KeyPurpose> purposes{};
};
/// A root, signed by its own key. Throws as `make_server_certificate` does.
[[nodiscard]] Certificate make_root_certificate(const AuthorityCertificateFields& fields,
                                                const crypto::PrivateKey& key);
/// An intermediate for `key`, signed by `issuer`. Throws as `make_server_certificate` does.
[[nodiscard]] Certificate make_intermediate_certificate(const AuthorityCertificateFields& fields,
                                                        const crypto::PublicKey& key,
                                                        const Certificate& issuer,
                                                        const crypto::PrivateKey& issuer_key);

/// A PKCS#10 request (RFC 2986) by which somebody else's CA certifies the key of `signer` as an
/// intermediate: the subject, and as wishes basic constraints CA:TRUE with `path_length`, and the
/// key usage of `AuthorityCertificateFields`. PEM. Throws as `make_server_certificate` does.
[[nodiscard]] std::string make_authority_csr(const crypto::PrivateKey& signer,
                                             const std::string& common_name,
                                             const std::string& organization, int path_length);

/// The certificate with which a client answers tls-alpn-01: self-signed, one SAN, the critical
/// acmeIdentifier extension holding `key_authorization_digest` (RFC 8737 section 3). Throws
/// std::invalid_argument if there is not one name, or the digest has not 32 octets.
[[nodiscard]] Certificate make_tls_alpn_certificate(const SubjectNames& name,
                                                    base::BytesView key_authorization_digest,
                                                    const crypto::PrivateKey& key, base::Time now);

}  // namespace cairn::pki
