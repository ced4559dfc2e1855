#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ca/facts/id.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/key_authorization.h"
#include "protocol/problem.h"
#include "protocol/status.h"

namespace cairn::ca {

/// The one attempt to validate an authorization. It may be tried several times, if the operator
/// wants that; then it has ended, and there is no second (RFC 8555 section 7.1.6 allows it; clients
/// order anew).
struct ValidationAttempt {
    protocol::ChallengeType method;
    base::Time started;
    /// None while validation is under way.
    std::optional<base::Time> finished{};
    /// Why it failed, or why the latest try did; none before that and after success. Several tries
    /// stand in its subproblems (RFC 8555 section 8.2).
    std::optional<protocol::Problem> problem{};
    /// The request that asked for it, as the access log names it; empty: not known.
    std::string request{};

    [[nodiscard]] ValidationAttempt ended(base::Time when,
                                          std::optional<protocol::Problem> failure) const {
        return {method, started, when, std::move(failure), request};
    }
    /// Whether both are the attempt that one request asked for, ended or not.
    [[nodiscard]] bool is_same(const ValidationAttempt& other) const {
        return method == other.method && started == other.started && request == other.request;
    }
};

/// How long an attempt rests before it is tried again, by how long ago it began: as long as it took
/// so far, from a second to 15, so that tries become rarer.
[[nodiscard]] base::Seconds retry_pause(base::Seconds since_begin);

/// The stored facts of an authorization and its challenges (RFC 8555 sections 7.1.4 and 7.1.5). The
/// challenges have no rows of their own: they share the token, and at most one is attempted.
struct Authorization {
    AuthorizationId id;
    AccountId account;
    /// As ordered; a wildcard's authorization shows it without "*.".
    protocol::Identifier identifier;
    base::Time created;
    /// While pending: when the challenges lapse. Once valid: when the proof does.
    base::Time expires;
    protocol::Token token;
    std::vector<protocol::ChallengeType> offered;
    std::optional<ValidationAttempt> attempt;
    std::optional<base::Time> deactivated;
    /// Of the order that it was made for; empty: not known, the default one.
    std::string profile{};
    /// The kid of the ExternalKey by which the operator's word stands for the validation: it is
    /// valid from the start, and has no challenges. Empty: control is to be proved.
    std::string vouched_by{};
    /// Whether it is for all names below the identifier, too (RFC 9444).
    bool for_subdomains = false;

    /// RFC 8555 section 7.1.6. A challenge left unanswered past `expires` makes it invalid.
    [[nodiscard]] protocol::AuthorizationStatus status(base::Time now) const;
    [[nodiscard]] protocol::ChallengeStatus challenge_status(protocol::ChallengeType type) const;
    [[nodiscard]] bool offers(protocol::ChallengeType type) const;
};

}  // namespace cairn::ca
