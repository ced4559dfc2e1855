#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"
#include "protocol/status.h"

namespace cairn::protocol {

/// An order object (RFC 8555 section 7.1.3).
struct OrderObject {
    OrderStatus status = OrderStatus::pending;
    std::optional<base::Time> expires;
    std::vector<Identifier> identifiers;
    std::optional<base::Time> not_before, not_after;
    std::optional<Problem> error;
    std::vector<std::string> authorizations;
    std::string finalize;     ///< may be empty once the order is valid
    std::string certificate;  ///< empty until the order is valid
    std::string profile;      ///< empty if the server has none
    std::string replaces;

    [[nodiscard]] std::string to_json() const;
    /// Reads a server's order. Members that a client needs must be valid; other invalid members are
    /// left out.
    [[nodiscard]] static base::Result<OrderObject> from_json(base::BytesView json);
};

/// The payload of newOrder (section 7.4).
struct NewOrderRequest {
    /// At most this many identifiers are read; profiles allow fewer.
    static constexpr std::size_t max_identifiers = 1000;

    std::vector<Identifier> identifiers;
    std::optional<base::Time> not_before, not_after;
    std::string profile;
    std::string replaces;
    /// For identifiers that the client would have proved by a name above them: that name
    /// (`ancestorDomain`, RFC 9444 section 4.3).
    std::map<Identifier, DnsName> ancestors;

    [[nodiscard]] std::string to_json() const;
    /// malformed for broken JSON, no or too many identifiers, bad dates, an ancestor domain that is
    /// none of the identifier's. Every identifier is
    /// judged: one bad one gives its own type (unsupportedIdentifier, rejectedIdentifier,
    /// malformed), with a subproblem for each bad one. Duplicates are dropped, order kept.
    [[nodiscard]] static OrProblem<NewOrderRequest> from_json(base::BytesView json);
};

/// The payload of finalize: `{"csr": base64url DER}` (section 7.4).
struct FinalizeRequest {
    base::Bytes csr;
    [[nodiscard]] std::string to_json() const;
    /// malformed for broken JSON; badCSR for a csr that is not base64url or beyond 32 KiB.
    [[nodiscard]] static OrProblem<FinalizeRequest> from_json(base::BytesView json);
};

}  // namespace cairn::protocol
