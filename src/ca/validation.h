#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>

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

/// Proves control of identifiers outside the request (RFC 8555 section 7.5.1). An attempt is a job;
/// most end while the request that began them still waits for its answer, and are written down
/// once, with their outcome. One that takes longer is recorded before anybody is told of it, and
/// from then on survives a restart.
class Validation {
  public:
    Validation(Repository& repository, Validator& validator, const Profiles& profiles,
               const base::Clock& clock, std::function<base::Executor()> next_executor,
               base::Announcements& announcements, base::Log& log, Observer& observer);

    /// Takes up the attempts that a former process left unfinished.
    void start();
    /// Lets the attempts under way end, `patience` at most; recorded ones stay in the store.
    void stop(base::Milliseconds patience);

    /// Begins the attempt that a response to a challenge asks for; one that is under way or ended
    /// well is not begun again. Throws a problem if the authorization cannot be attempted any more.
    [[nodiscard]] base::Task<void> begin(Authorization authorization,
                                         protocol::ChallengeType method, Cause cause);
    /// True if an attempt that was begun here has not ended, recorded or not. Its end is announced
    /// under the authorization's id.
    [[nodiscard]] bool is_under_way(const AuthorizationId& id) const;
    /// Records the attempt, if it has not ended, so that a client may be told of it: whatever
    /// becomes of this process, it is carried out. Also one that could not begin, or was
    /// interrupted.
    [[nodiscard]] base::Task<void> record(AuthorizationId id, protocol::ChallengeType method);

  private:
    class Running;
    /// The authorization with the attempt that was begun here.
    [[nodiscard]] std::optional<Authorization> begun(const AuthorizationId& id) const;
    void forget(const AuthorizationId& id);
    base::Task<void> carry_out(AuthorizationId id, Cause cause);
    base::Task<void> give_up(AuthorizationId id);

    Repository& repository_;
    Validator& validator_;
    const Profiles& profiles_;
    const base::Clock& clock_;
    base::Announcements& announcements_;
    base::Log& log_;
    Observer& observer_;
    mutable std::mutex mutex_;
    /// Authorizations with attempts that were begun here and have not ended.
    std::map<AuthorizationId, Authorization> begun_;
    JobQueue queue_;
};

}  // namespace cairn::ca
