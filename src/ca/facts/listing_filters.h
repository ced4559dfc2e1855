#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "ca/facts/certificate.h"
#include "ca/facts/id.h"
#include "ca/facts/order.h"
#include "crypto/digest.h"

namespace cairn::ca {

/// Which certificates somebody looks for: all that is said must fit.
struct CertificateFilter {
    std::optional<AccountId> account{};
    std::optional<OrderId> order{};
    std::optional<IssuerId> issuer{};
    std::optional<std::string> profile{};
    /// SHA-256 of the subject's SubjectPublicKeyInfo.
    std::optional<crypto::Sha256Digest> key{};
    /// Issued then or later, then or earlier.
    std::optional<base::Time> issued_after{}, issued_before{};
    /// Whose validity ends then or later, then or earlier.
    std::optional<base::Time> ends_after{}, ends_before{};
    std::optional<bool> is_revoked{};
    /// Octets that stand somewhere in the DER; a name that a certificate has stands there as it is.
    std::optional<base::Bytes> octets{};

    [[nodiscard]] bool fits(const IssuedCertificate& certificate) const;
};

/// Which orders somebody looks for: all that is said must fit.
struct OrderFilter {
    std::optional<AccountId> account{};
    std::optional<std::string> profile{};
    /// Created then or later, then or earlier.
    std::optional<base::Time> created_after{}, created_before{};
    enum class Stage : int {
        open,       ///< nothing was asked to be issued yet, and nothing has failed in issuance
        issuing,    ///< issuance has begun
        completed,  ///< there is a certificate
        failed      ///< issuance failed
    };
    std::optional<Stage> stage{};
    /// It has this identifier.
    std::optional<protocol::Identifier> identifier{};
    /// It has a name that ends in this: ".example.com".
    std::optional<std::string> ending{};

    [[nodiscard]] bool fits(const Order& order) const;
    [[nodiscard]] static Stage stage_of(const Order& order);
};

}  // namespace cairn::ca
