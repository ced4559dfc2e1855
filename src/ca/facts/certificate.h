#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "ca/facts/id.h"
#include "crypto/digest.h"
#include "pki/serial_number.h"
#include "protocol/revocation.h"

namespace cairn::ca {

/// Names an issuer: SHA-256 of its certificate's DER.
using IssuerId = crypto::Sha256Digest;

struct Revocation {
    base::Time at;
    protocol::RevocationReason reason;
    friend bool operator==(const Revocation&, const Revocation&) = default;
};

/// The stored facts of an issued certificate.
struct IssuedCertificate {
    pki::SerialNumber serial;
    base::Bytes der;
    IssuerId issuer;
    /// SHA-256 of the subject's SubjectPublicKeyInfo.
    crypto::Sha256Digest key;
    base::Time not_after;
    /// None for the server's own certificate.
    std::optional<AccountId> account;
    std::optional<OrderId> order;
    base::Time issued;
    std::optional<Revocation> revocation;

    /// Whether both come from one signature; their revocation does not matter.
    [[nodiscard]] bool is_same(const IssuedCertificate& other) const {
        return issued == other.issued && der == other.der;
    }
};

}  // namespace cairn::ca
