#pragma once

#include <cstddef>
#include <optional>

#include "base/clock.h"

// What the CA forgets and when. The times are policy; that nothing goes which something else still
// stands on is the promise of Repository::remove_expired.
namespace cairn::ca {

/// How long after its end an object is kept; none: for ever.
struct RetentionLimits {
    std::optional<base::Seconds> orders = std::chrono::days(30);
    std::optional<base::Seconds> authorizations = std::chrono::days(30);
    std::optional<base::Seconds> certificates = std::nullopt;
};

/// What ended before these times may go. None of them lies in the future.
struct RetentionCutoffs {
    base::Time orders = base::Time::min();
    base::Time authorizations = base::Time::min();
    base::Time certificates = base::Time::min();
};

/// What `limits` mean at `now`. A limit reaches back to `now` at the least, so that what has not
/// ended never goes.
[[nodiscard]] RetentionCutoffs retention_cutoffs(const RetentionLimits& limits, base::Time now);

/// What one step of a removal did.
struct Removal {
    /// Objects that are gone.
    std::size_t removed = 0;
    /// Whether this step came to the end of what there was to look at; the next one begins anew.
    bool is_round_over = false;
};

}  // namespace cairn::ca
