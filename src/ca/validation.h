#pragma once

#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/cause.h"
#include "ca/job_queue.h"
#include "ca/profile.h"
#include "ca/repository.h"
#include "ca/undertakings.h"
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

    /// What the request that begins an attempt has read.
    struct Facts {
        Authorization authorization;  ///< with the attempt
        Account account;
    };
    using Attempts = Undertakings<AuthorizationId, Facts, Authorization>;

    /// Begins the attempt that a response of `account` to a challenge asks for; one that is under
    /// way or ended well is not begun again. Null if it is not one of this process, or could not
    /// begin. Throws a problem if the authorization cannot be attempted any more.
    [[nodiscard]] base::Task<Attempts::Handle> begin(Authorization authorization, Account account,
                                                     protocol::ChallengeType method, Cause cause);
    /// True if an attempt that was begun here has not ended, recorded or not. Its end is announced
    /// under the authorization's id.
    [[nodiscard]] bool is_under_way(const AuthorizationId& id) const;
    /// The authorization as the attempt left it, once it has ended and its outcome is written.
    [[nodiscard]] std::optional<Authorization> outcome(const Attempts::Handle& attempt) const;
    /// Records the attempt, if it has not ended, so that a client may be told of it: whatever
    /// becomes of this process, it is carried out. Also one that could not begin, or was
    /// interrupted: for `cause` then.
    [[nodiscard]] base::Task<void> record(AuthorizationId id, protocol::ChallengeType method,
                                          Cause cause);

  private:
    base::Task<void> carry_out(AuthorizationId id);
    base::Task<void> give_up(AuthorizationId id);

    Repository& repository_;
    Validator& validator_;
    const Profiles& profiles_;
    const base::Clock& clock_;
    base::Announcements& announcements_;
    base::Log& log_;
    Observer& observer_;
    Attempts attempts_;
    JobQueue queue_;
};

}  // namespace cairn::ca
