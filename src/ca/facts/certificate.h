#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ca/facts/id.h"
#include "crypto/digest.h"
#include "pki/serial_number.h"
#include "protocol/revocation.h"

namespace cairn::ca {

/// Names an issuer: SHA-256 of its certificate's DER.
using IssuerId = crypto::Sha256Digest;
/// Names a revocation list in the store.
using CrlId = std::int64_t;

/// The chains of an issuer, each in PEM: the issuer's certificate first, then those above it.
struct IssuerChains {
    std::string usual;
    /// Others that lead elsewhere, for clients whose roots differ (RFC 8555 section 7.4.2). Each
    /// begins with a certificate of the same name and key.
    std::vector<std::string> others{};
    friend bool operator==(const IssuerChains&, const IssuerChains&) = default;
};

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
    /// Of the order that it was issued for; empty: not known, or the server's own.
    std::string profile{};
    /// The shard of its issuer's revocation lists whose URL it names; none: it names the complete
    /// list, or none.
    std::optional<CrlId> shard = std::nullopt;

    /// Whether both come from one signature; their revocation does not matter.
    [[nodiscard]] bool is_same(const IssuedCertificate& other) const {
        return issued == other.issued && der == other.der;
    }
};

}  // namespace cairn::ca
