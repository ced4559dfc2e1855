#pragma once

#include <functional>
#include <optional>
#include <set>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/facts/request_context.h"
#include "ca/ports/repository.h"
#include "ca/ports/validator.h"
#include "ca/rules/challenge_rules.h"
#include "ca/rules/profile.h"
#include "ca/work/inquiry.h"
#include "ca/work/job_queue.h"
#include "ca/work/jobs_in_flight.h"
#include "ca/work/rate_limits.h"
#include "protocol/challenge_type.h"

namespace cairn::ca {

/// Proves control of identifiers outside the request (RFC 8555 section 7.5.1). An attempt is a job;
/// most end while the request that began them still waits for its answer, and are written down
/// once, with their outcome. One that takes longer is recorded before anybody is told of it, and
/// from then on survives a restart.
///
/// Attempts share what the CA has fairly among accounts and among what is validated (`FairQueue`).
/// What the CA itself lacks for one is no finding: it is tried again.
class Validation {
  public:
    struct Options {
        /// Attempts that are carried out at once.
        std::size_t in_flight = 4096;
        /// Attempts that may wait for that.
        std::size_t waiting = 20000;
        /// How long after its begin an attempt is still tried again where that may help; 0: a
        /// failure is final at once.
        base::Seconds retry_for{0};
        /// The challenges that may be answered: one of another type, which was offered once, may
        /// not be any more.
        std::set<protocol::ChallengeType> challenges = ChallengeChoices{}.types;
        /// What validators are told.
        Inquiry::Options inquiry{};
    };
    Validation(Options options, Repository& repository, Validator& validator,
               const Profiles& profiles, RateLimits& limits, const base::Clock& clock,
               std::function<base::Executor()> next_executor, base::Announcements& announcements,
               base::Log& log, Observer& observer);

    /// Takes up the attempts that a former process left unfinished.
    void start();
    /// Lets the attempts under way end, `patience` at most; recorded ones stay in the store.
    void stop(base::Milliseconds patience);

    /// Begins the attempt that a response of `account` to a challenge asks for, if there is
    /// anything to begin (it may be under way, or this challenge has decided, or the authorization
    /// is valid), and waits for its end, `patience` at most. The authorization as it is then in the
    /// store, to be shown. Throws a problem, which says why, if the authorization cannot be
    /// attempted any more, and one with Retry-After if too many attempts wait.
    [[nodiscard]] base::Task<Authorization> respond(Authorization authorization, Account account,
                                                    protocol::ChallengeType method,
                                                    RequestContext context,
                                                    base::Milliseconds patience);
    /// The authorization to be shown to who asks for it and has read `authorization`: that, or,
    /// while it is being validated, what it is at the end of the attempt or of `patience`.
    [[nodiscard]] base::Task<Authorization> settled(Authorization authorization,
                                                    base::Milliseconds patience);

  private:
    /// What the request that begins an attempt has read.
    struct Facts {
        Authorization authorization;  ///< with the attempt
        Account account;
        bool may_have_failed;  ///< whether failures of this name may be counted
    };
    using Attempts = JobsInFlight<AuthorizationId, Facts, Authorization>;

    /// Null if there is nothing to begin, or it could not begin now. The end of the attempt is
    /// announced under the authorization's id.
    base::Task<Attempts::Handle> begin(Authorization authorization, Account account,
                                       protocol::ChallengeType method, RequestContext context);
    /// Whether failures of the name are counted for the account. Throws a problem if there were too
    /// many.
    base::Task<bool> require_few_failures(const Authorization& authorization,
                                          const RequestContext& context);
    /// Writes how an attempt ended, with what that takes from the limits. False if it had ended.
    base::Task<bool> finish(const Authorization& authorization, base::Time expires,
                            Charges charges);
    /// Whether it is being validated, recorded or not.
    [[nodiscard]] bool is_under_way(const Authorization& authorization) const;
    /// Records the attempt, if it has not ended, so that a client may be told of it: whatever
    /// becomes of this process, it is carried out. Also one that could not begin, or was
    /// interrupted: for `context` then.
    base::Task<void> record(AuthorizationId id, protocol::ChallengeType method,
                            RequestContext context);
    /// The authorization as the store has it now.
    base::Task<Authorization> present(AuthorizationId id, AccountId account);
    /// What an attempt stands on.
    struct Subject {
        Authorization authorization;
        std::optional<Account> account;
    };
    /// Nothing if there is nothing to attempt any more.
    base::Task<std::optional<Subject>> subject_of(AuthorizationId id);
    base::Task<JobQueue::Again> carry_out(AuthorizationId id);
    [[nodiscard]] std::optional<base::Seconds> pause_before_retry(
        const Authorization& authorization) const;
    base::Task<void> give_up(AuthorizationId id);

    const Options options_;
    Repository& repository_;
    Inquiry inquiry_;
    const Profiles& profiles_;
    RateLimits& limits_;
    const base::Clock& clock_;
    base::Announcements& announcements_;
    base::Log& log_;
    Attempts attempts_;
    JobQueue queue_;
};

}  // namespace cairn::ca
