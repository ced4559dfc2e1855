#pragma once

#include <memory>

#include "ca/ports/validator.h"
#include "dns/resolver.h"
#include "va/validation.h"

namespace cairn::apps {

/// The CA's own perspective on the network: validates from this machine.
class NetworkValidator final : public ca::Validator {
  public:
    NetworkValidator(va::Settings settings, std::shared_ptr<dns::Resolver> resolver);
    [[nodiscard]] base::Task<Outcome> validate(Question question) override;

  private:
    va::Settings settings_;
    std::shared_ptr<dns::Resolver> resolver_;
};

}  // namespace cairn::apps
