#pragma once

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
    /// What was seen, step by step, on the way to a success; the problem on a failure (RFC 8555
    /// section 8.2). Ends within a bounded time.
    [[nodiscard]] virtual base::Task<protocol::OrProblem<std::vector<std::string>>> validate(
        Question question) = 0;
};

}  // namespace cairn::ca
