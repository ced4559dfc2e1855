#pragma once

#include <exception>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/facts/authorization.h"
#include "ca/facts/order.h"
#include "ca/ports/validator.h"
#include "ca/rules/caa_rules.h"
#include "ca/work/inquiry.h"

namespace cairn::ca {

/// Asks for CAA records again before issuance, where the validations did so too long ago or not for
/// the very name (BR 3.2.2.8: 8 hours). What came of it is told to both logs.
class CaaChecks {
  public:
    /// Validations that began after the making of this object have asked with the same options.
    CaaChecks(Inquiry::Options options, Validator& validator, const base::Clock& clock,
              base::Log& log);

    /// What is known of the records, with `checks`, now.
    [[nodiscard]] CaaStanding standing(std::vector<CaaCheck> checks) const;
    /// Asks for the records of each name of `order` of which the last look is about to lapse, all
    /// at the same time. `known` with what was found. `request`: who wants it, for the logs. Throws
    /// the problem, of type caa or dns, if records forbid issuance or cannot be looked up, and what
    /// base::shortage_in knows if the CA lacks something.
    [[nodiscard]] base::Task<std::vector<CaaCheck>> renew(const Order& order,
                                                          std::span<const Authorization> proofs,
                                                          std::vector<CaaCheck> known,
                                                          const std::string& request);

  private:
    struct Asked {
        const Order& order;
        const protocol::Token& token;
        const std::string& request;
    };
    /// Of one look; what it throws is kept until all have ended.
    struct Outcome {
        std::optional<CaaRefusal> refusal{};
        std::exception_ptr error{};
    };
    using Outcomes = std::vector<Outcome>;
    base::Task<Outcomes> ask_all(std::span<const CaaWish> wishes, const Asked& asked);
    base::Task<Outcomes> ask(const CaaWish& wish, const Asked& asked);
    base::Task<std::optional<CaaRefusal>> look(const CaaWish& wish, const Asked& asked);
    void tell(const CaaWish& wish, const Asked& asked, const Validator::Answer& answer);

    const Inquiry::Options options_;
    Validator& validator_;
    const base::Clock& clock_;
    base::Log& log_;
    const base::Time since_;
};

}  // namespace cairn::ca
