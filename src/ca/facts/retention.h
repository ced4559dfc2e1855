#pragma once

#include <cstddef>
#include <optional>

#include "base/clock.h"

// What the CA removes and when. The times are policy; Repository::remove_expired guarantees that
// nothing is removed that another object still needs.
namespace cairn::ca {

/// How long after its end an object is kept; none: for ever.
struct RetentionLimits {
    std::optional<base::Seconds> orders = std::chrono::days(30);
    std::optional<base::Seconds> authorizations = std::chrono::days(30);
    std::optional<base::Seconds> certificates = std::nullopt;
};

/// Objects that ended before these times may be removed. None of the times is in the future.
struct RetentionCutoffs {
    base::Time orders = base::Time::min();
    base::Time authorizations = base::Time::min();
    base::Time certificates = base::Time::min();
    /// A list whose next one should have come before then is not kept up any more, since its issuer
    /// is gone: what it tells of is not kept for it.
    base::Time abandoned_crls = base::Time::min();
};

/// How long after its end a revocation list counts as one that is kept up.
inline constexpr base::Seconds crl_grace = std::chrono::days(90);

/// The cut-off times of `limits` at `now`. None is later than `now`, so an object that has not
/// ended is never removed.
[[nodiscard]] RetentionCutoffs retention_cutoffs(const RetentionLimits& limits, base::Time now);

/// The result of one step of a removal.
struct Removal {
    /// Removed objects.
    std::size_t removed = 0;
    /// Whether this step reached the end of the store; the next one starts at its begin.
    bool is_round_over = false;
};

}  // namespace cairn::ca
