#pragma once

#include <memory>

#include "base/clock.h"
#include "ca/ports/validator.h"
#include "dns/resolver.h"
#include "va/validation.h"

namespace cairn::apps {

/// The CA's own perspective on the network, "local": validates from this machine.
class NetworkValidator final : public ca::Validator {
  public:
    NetworkValidator(va::Settings settings, std::shared_ptr<dns::Resolver> resolver,
                     const base::Clock& clock);
    [[nodiscard]] base::Task<Answer> validate(Question question) override;

  private:
    va::Settings settings_;
    std::shared_ptr<dns::Resolver> resolver_;
    const base::Clock& clock_;
};

}  // namespace cairn::apps
