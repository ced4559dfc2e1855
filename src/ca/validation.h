#pragma once

#include <functional>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/cause.h"
#include "ca/job_queue.h"
#include "ca/profile.h"
#include "ca/repository.h"
#include "ca/validator.h"
#include "protocol/challenge_type.h"

namespace cairn::ca {

/// Proves control of identifiers outside the request: the attempt is recorded, then carried out as
/// a job that survives a restart (RFC 8555 section 7.5.1).
class Validation {
  public:
    Validation(Repository& repository, Validator& validator, const Profiles& profiles,
               const base::Clock& clock, std::function<base::Executor()> next_executor,
               base::Announcements& announcements, base::Log& log, Observer& observer);

    /// Takes up the attempts that a former process left unfinished.
    void start();
    /// Lets the attempts under way end, `patience` at most; unfinished ones stay in the store.
    void stop(base::Milliseconds patience);

    /// Begins the attempt that a response to a challenge asks for; one that is under way or ended
    /// well is not begun again. Throws a problem if the authorization cannot be attempted any more.
    [[nodiscard]] base::Task<void> begin(Authorization authorization,
                                         protocol::ChallengeType method, Cause cause);

  private:
    base::Task<void> carry_out(AuthorizationId id, Cause cause);
    base::Task<void> give_up(AuthorizationId id);

    Repository& repository_;
    Validator& validator_;
    const Profiles& profiles_;
    const base::Clock& clock_;
    base::Announcements& announcements_;
    base::Log& log_;
    Observer& observer_;
    JobQueue queue_;
};

}  // namespace cairn::ca
