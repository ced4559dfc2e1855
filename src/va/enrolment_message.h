#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "protocol/internet_registry.h"

namespace cairn::va {

/// What a new perspective gives its operator, for the CA: by which key it is known, and a secret by
/// which it knows the CA in turn. Good for one enrolment.
struct EnrolmentCode {
    /// SHA-256 of the perspective's DER SubjectPublicKeyInfo.
    crypto::Sha256Digest key;
    /// 128 random bits.
    base::SecretBytes secret;

    [[nodiscard]] static EnrolmentCode make(const crypto::Sha256Digest& key,
                                            crypto::Random& random);
    /// One word: "cva1.KEY.SECRET", both base64url.
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] static base::Result<EnrolmentCode> from_text(std::string_view text);
};

/// What the CA sends to a perspective of which it wants a request for a certificate: POST /v1/csr.
struct IdentityRequest {
    std::string perspective;
    protocol::InternetRegistry region;
    /// The public URL of the CA.
    std::string ca_url;
    /// That of the enrolment code, base64url; empty where both know each other by certificates.
    std::string secret{};

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<IdentityRequest> from_json(base::BytesView json);
};
/// What it answers.
struct IdentityOffer {
    /// PKCS#10, DER: by the key for which the certificate is to be.
    base::Bytes csr;

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<IdentityOffer> from_json(base::BytesView json);
};
/// What the CA sends then: POST /v1/certificate.
struct IdentityGrant {
    /// PEM: the certificate of the perspective, and of the authority below which it and the CA's
    /// own certificate stand.
    std::string certificate, authority;
    /// As in the request.
    std::string secret{};

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<IdentityGrant> from_json(base::BytesView json);
};
/// What a perspective says of itself: GET /v1/status.
struct PerspectiveStatus {
    std::string perspective;
    protocol::InternetRegistry region;
    /// "cairn-va 0.1.0".
    std::string program;
    base::Time certificate_ends{};

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<PerspectiveStatus> from_json(base::BytesView json);
};

/// The name of a perspective: 1 to 40 lower-case letters, digits and inner hyphens.
[[nodiscard]] bool is_perspective_name(std::string_view name);

}  // namespace cairn::va
