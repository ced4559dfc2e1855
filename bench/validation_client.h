#pragma once

#include <string>
#include <vector>

#include "base/task.h"
#include "bench/acme_connection.h"
#include "bench/challenge_board.h"

namespace cairn::bench {

/// A challenge that waits for its response.
struct OpenChallenge {
    std::string url;
    std::string authorization_url;
};

/// Orders a certificate for `names` and puts the answers to their challenges of `type` on `board`.
/// Throws std::runtime_error if the CA refuses.
[[nodiscard]] base::Task<std::vector<OpenChallenge>> open_challenges(AcmeConnection& connection,
                                                                     ChallengeBoard& board,
                                                                     std::vector<std::string> names,
                                                                     protocol::ChallengeType type);

/// Responds to the challenge, once; whether the answer says that it is valid. The answer of a CA
/// that holds it comes after the validation.
[[nodiscard]] base::Task<bool> respond_to(AcmeConnection& connection, OpenChallenge challenge);

/// Responds, and waits until the CA says that it is valid: for how long, in milliseconds. Throws
/// std::runtime_error if it becomes anything else, or is not decided within a minute.
[[nodiscard]] base::Task<double> prove(AcmeConnection& connection, OpenChallenge challenge);

}  // namespace cairn::bench
