#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/task.h"
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

    struct Question {
        protocol::ChallengeType method;
        protocol::Identifier identifier;
        protocol::Token token;
        std::string key_authorization;
    };
    struct Failure {
        protocol::Problem problem;
        enum class Outlook {
            may_heal,  ///< nothing answers yet: the same question may succeed a little later
            final,
        };
        Outlook outlook = Outlook::final;
    };
    /// What was seen, step by step, on the way to a success.
    using Outcome = std::expected<std::vector<std::string>, Failure>;
    /// Asks once. Ends within a bounded time. Throws what base::shortage_in knows if the CA lacks
    /// something for it: nothing was found out then.
    [[nodiscard]] virtual base::Task<Outcome> validate(Question question) = 0;
};

}  // namespace cairn::ca
