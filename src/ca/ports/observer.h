#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "ca/facts/limit_name.h"
#include "crypto/key.h"
#include "protocol/challenge_type.h"
#include "protocol/problem.h"
#include "protocol/revocation.h"

namespace cairn::ca {

/// The port through which the CA and its store report events, so that they can be counted.
///
/// Each method is called on the path of the work itself, from any thread, also in parallel: an
/// implementation neither waits nor throws. Parameters come from closed sets; names, ids and text
/// of peers belong in the log. This base class ignores all events.
class Observer {
  public:
    virtual ~Observer() = default;
    using Duration = std::chrono::steady_clock::duration;

    enum class Queue { validation, issuance };
    enum class JobEnding {
        done,
        left,    ///< the store was not available, or the queue stops: it runs again later
        broken,  ///< it failed for another reason and was given up
    };
    /// So many jobs more (or less) wait in this process for a place to run.
    virtual void jobs_waiting(Queue, std::ptrdiff_t /*change*/) {}
    /// So many jobs more (or less) run.
    virtual void jobs_running(Queue, std::ptrdiff_t /*change*/) {}
    virtual void job_ended(Queue, JobEnding, Duration) {}

    /// A challenge was tried; with the problem for which it failed.
    virtual void validated(protocol::ChallengeType, std::optional<protocol::ProblemType>,
                           Duration) {}
    /// What a remote perspective said, beside what the CA itself saw.
    enum class Vote {
        agreed,    ///< both proved, or both did not
        differed,  ///< one proved what the other did not
        silent,    ///< no answer, or none that could be used
    };
    /// A remote perspective was asked. `perspective`: as the configuration names it.
    virtual void perspective_voted(std::string_view /*perspective*/, Vote, Duration) {}
    /// A validation was decided with remote perspectives. False: too few of them corroborated what
    /// the CA itself saw.
    virtual void quorum_decided(bool /*reached*/) {}
    enum class Signature {
        done,
        unavailable,  ///< the signer could not be reached; it is tried again later
        failed,
    };
    /// A signer was asked to sign a certificate. `issuer`: as the configuration names it.
    virtual void signature_ended(std::string_view /*issuer*/, crypto::KeyAlgorithm /*key*/,
                                 Signature, Duration) {}
    /// What was to be signed for an order was refused, and is not signed.
    enum class Lint {
        own,     ///< by the CA's own rules
        linter,  ///< by the operator's linter, or because that did not answer
    };
    virtual void lint_refused(Lint) {}
    /// A certificate was stored, for an order or for the server itself.
    enum class Subject { order, own_server };
    virtual void issued(Subject) {}
    /// An order that was being processed failed for good.
    virtual void issuance_refused(protocol::ProblemType) {}
    /// A limit refused a request, or held it until there was enough again.
    virtual void limit_refused(LimitName) {}
    virtual void limit_held(LimitName) {}
    virtual void revoked(protocol::RevocationReason) {}
    /// A revocation list was drawn up, signed and stored, or could not be.
    virtual void crl_signed(Signature) {}

    enum class AccountChange { created, updated, deactivated, key_changed };
    virtual void account_changed(AccountChange) {}

    /// So many writing calls more (or less) wait for the store.
    virtual void writes_waiting(std::ptrdiff_t /*change*/) {}
    /// One transaction, with this many writing calls in it, was made durable, or failed as a whole.
    enum class Commit { durable, failed };
    virtual void committed(Commit, std::size_t /*calls*/, Duration) {}
    /// So many entries of the audit log were made durable together, or had no room.
    virtual void audited(Commit, std::size_t /*entries*/, Duration) {}
    /// A writing call was turned away because too many wait.
    virtual void write_refused() {}
};

/// An observer that ignores all events, and has no state.
[[nodiscard]] inline Observer& deaf_observer() {
    static Observer observer;
    return observer;
}

}  // namespace cairn::ca
