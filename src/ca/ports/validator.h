#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "ca/facts/evidence.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/key_authorization.h"
#include "protocol/problem.h"

namespace cairn::ca {

/// The port to whatever proves control of identifiers: one perspective on the network or many.
/// Thread-safe.
class Validator {
  public:
    virtual ~Validator() = default;

    /// What is to be found out.
    enum class Aim {
        control_and_caa,  ///< whether control is proved, and whether CAA records permit issuance
        caa_alone,        ///< the latter only: control was proved earlier, by `method`
    };
    /// All that a perspective needs to know, wherever it is.
    struct Question {
        /// Of the account that asks, as CAA records name it (accounturi, RFC 8657 section 3).
        std::string account_url;
        /// The profile of the order for which the identifier is validated.
        std::string profile;
        /// A wildcard's CAA records are others (RFC 8659 section 4.3).
        protocol::Identifier identifier;
        /// As CAA records name it too (validationmethods, RFC 8657 section 4).
        protocol::ChallengeType method;
        protocol::Token token;
        std::string key_authorization;
        /// The domain names by which CAA records name this CA (RFC 8659 section 4.2); empty: they
        /// are not asked for. Lent: they outlive the answer.
        std::span<const std::string> caa_identities;
        /// The names by which records of dns-persist-01 name this CA. Lent as well.
        std::span<const std::string> issuer_names{};
        /// Whether names below the identifier are to be proved, too (RFC 9444).
        bool for_subdomains = false;
        Aim aim = Aim::control_and_caa;
        /// How CAA records name the way in which control was proved; empty: by the name of
        /// `method`.
        std::string caa_method{};
    };
    struct Failure {
        protocol::Problem problem;
        enum class Outlook {
            may_heal,  ///< nothing answers yet: the same question may succeed a little later
            final,
        };
        Outlook outlook = Outlook::final;
    };
    struct Answer {
        /// None: control is proved, and no CAA record is in the way.
        std::optional<Failure> failure;
        /// What each perspective saw, whatever came of it; at least one.
        std::vector<Evidence> evidence;
        /// For how long a proof may be relied on at most, counted from now; none: the method sets
        /// no bound.
        std::optional<base::Seconds> reliable_for{};
    };
    /// Asks once. Ends within a bounded time. Throws what base::shortage_in knows if the CA lacks
    /// something for it: nothing was found out then.
    [[nodiscard]] virtual base::Task<Answer> validate(Question question) = 0;
};

}  // namespace cairn::ca
