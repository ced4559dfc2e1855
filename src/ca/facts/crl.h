#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "ca/facts/certificate.h"
#include "pki/serial_number.h"
#include "protocol/revocation.h"

namespace cairn::ca {

/// A revocation list that an issuer keeps up (RFC 5280 section 5): the complete one, which tells of
/// all that it issued, or a shard, which tells of the certificates that name it.
struct CrlList {
    CrlId id;
    IssuerId issuer;
    /// Of a shard: the URL, as it stands in its certificates and in the list itself. Empty: the
    /// complete list.
    std::string url{};

    [[nodiscard]] bool is_complete() const { return url.empty(); }
    friend bool operator==(const CrlList&, const CrlList&) = default;
};

/// What is known of a signed list beside its octets.
struct CrlHead {
    CrlId list;
    /// Greater than that of every former one of the list.
    std::uint64_t number;
    base::Time this_update, next_update;
    std::uint64_t entries;
    std::uint64_t size;  ///< of its DER, in octets
    /// The wishes of operators that it fulfils (CrlState::wishes).
    std::int64_t wishes = 0;
    friend bool operator==(const CrlHead&, const CrlHead&) = default;
};

/// A signed list.
struct SignedCrl {
    CrlHead head;
    base::Bytes der;
};

/// A list as the store has it now.
struct CrlState {
    CrlList list;
    /// The list that is in force; none: none was signed yet.
    std::optional<CrlHead> present;
    /// How often an operator has asked for a new one.
    std::int64_t wishes = 0;
};

/// A revocation as a list tells it.
struct ListedRevocation {
    pki::SerialNumber serial;
    Revocation revocation;
    friend bool operator==(const ListedRevocation&, const ListedRevocation&) = default;
};

/// A revocation that stands in no signed list yet, or with another reason.
struct UnlistedRevocation {
    pki::SerialNumber serial;
    /// The shard that its certificate names; none: the complete list alone tells of it.
    std::optional<CrlId> shard;
    protocol::RevocationReason reason;
    friend bool operator==(const UnlistedRevocation&, const UnlistedRevocation&) = default;
};

}  // namespace cairn::ca
