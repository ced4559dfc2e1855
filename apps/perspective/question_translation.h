#pragma once

#include <optional>
#include <string>

#include "base/task.h"
#include "ca/ports/validator.h"
#include "va/perspective_message.h"

namespace cairn::apps {

/// The one place where what a CA asks of validators becomes what it says to remote ones, and back.

[[nodiscard]] va::Aim translated(ca::Validator::Aim aim);
[[nodiscard]] ca::Validator::Aim translated(va::Aim aim);

/// `nonce`: base64url of 16 octets.
[[nodiscard]] va::PerspectiveQuestion message_of(ca::Validator::Question question,
                                                 std::string nonce, std::string perspective);
/// Its lists are those of `message`, which outlives it.
[[nodiscard]] ca::Validator::Question question_of(const va::PerspectiveQuestion& message);

/// What a perspective answers, of the one that has looked. `digest`: of the question.
[[nodiscard]] va::PerspectiveAnswer message_of(ca::Validator::Answer answer, std::string digest,
                                               std::string perspective,
                                               protocol::InternetRegistry region);
/// The evidence has the name and region of the message.
[[nodiscard]] ca::Validator::Answer answer_of(va::PerspectiveAnswer message);

}  // namespace cairn::apps
