#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// Why a certificate is revoked (RFC 5280 section 5.3.1): the reasons that a subscriber may name or
/// that this CA records.
enum class RevocationReason : int {
    unspecified = 0,
    key_compromise = 1,
    affiliation_changed = 3,
    superseded = 4,
    cessation_of_operation = 5,
    privilege_withdrawn = 9,
};
/// "keyCompromise" and so on, as RFC 5280 spells them.
[[nodiscard]] std::string_view to_string(RevocationReason reason);
/// Reads the name ("keyCompromise" or "key-compromise", in any case) or the number as text.
[[nodiscard]] base::Result<RevocationReason> revocation_reason_from(std::string_view text);

/// The payload of revokeCert (RFC 8555 section 7.6).
struct RevocationRequest {
    base::Bytes certificate;  ///< DER
    RevocationReason reason = RevocationReason::unspecified;

    [[nodiscard]] std::string to_json() const;
    /// malformed for broken JSON, a certificate that is not base64url or beyond 64 KiB, a reason
    /// that is not an integer; badRevocationReason for one other than 0, 1, 3, 4, 5.
    [[nodiscard]] static OrProblem<RevocationRequest> from_json(base::BytesView json);
};

}  // namespace cairn::protocol
