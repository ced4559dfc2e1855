#include "ca/facts/authorization.h"

#include <algorithm>

namespace cairn::ca {

using protocol::AuthorizationStatus;
using protocol::ChallengeStatus;

base::Seconds retry_pause(base::Seconds since_begin) {
    return std::clamp(since_begin, base::Seconds(1), base::Seconds(15));
}

AuthorizationStatus Authorization::status(base::Time now) const {
    if (deactivated) return AuthorizationStatus::deactivated;
    if (!vouched_by.empty())
        return now < expires ? AuthorizationStatus::valid : AuthorizationStatus::expired;
    if (attempt && attempt->finished) {
        if (attempt->problem) return AuthorizationStatus::invalid;
        return now < expires ? AuthorizationStatus::valid : AuthorizationStatus::expired;
    }
    // An attempt under way may end after the deadline for beginning one.
    if (attempt || now < expires) return AuthorizationStatus::pending;
    return AuthorizationStatus::invalid;
}

ChallengeStatus Authorization::challenge_status(protocol::ChallengeType type) const {
    if (!attempt || attempt->method != type) return ChallengeStatus::pending;
    if (!attempt->finished) return ChallengeStatus::processing;
    return attempt->problem ? ChallengeStatus::invalid : ChallengeStatus::valid;
}

bool Authorization::offers(protocol::ChallengeType type) const {
    return std::ranges::find(offered, type) != offered.end();
}

}  // namespace cairn::ca
