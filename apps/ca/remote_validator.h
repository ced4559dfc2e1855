#pragma once

#include <memory>

#include "apps/ca/perspective_link.h"
#include "ca/ports/validator.h"
#include "crypto/random.h"

namespace cairn::apps {

/// A cairn-va elsewhere on the network: sends it the question, and believes an answer only if it is
/// from this perspective and to this question.
class RemoteValidator final : public ca::Validator {
  public:
    /// `random` outlives it.
    RemoteValidator(std::shared_ptr<PerspectiveLink> link, crypto::Random& random)
        : link_(std::move(link)), random_(random) {}
    /// Throws std::runtime_error, saying why, if there is no answer that can be believed.
    [[nodiscard]] base::Task<Answer> validate(Question question) override;

  private:
    const std::shared_ptr<PerspectiveLink> link_;
    crypto::Random& random_;
};

}  // namespace cairn::apps
