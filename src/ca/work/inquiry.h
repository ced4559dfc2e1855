#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/authorization.h"
#include "ca/facts/id.h"
#include "ca/ports/audit.h"
#include "ca/ports/observer.h"
#include "ca/ports/validator.h"

namespace cairn::ca {

/// Asks the validator about authorizations, and tells both logs and the observer what came of it.
class Inquiry {
  public:
    struct Options {
        /// The URL of an account, for validators; none: they are not told.
        std::function<std::string(const AccountId&)> account_url{};
        /// The domain names by which CAA records name this CA.
        std::vector<std::string> caa_identities{};
        /// The names by which records of dns-persist-01 name this CA.
        std::vector<std::string> issuer_names{};
        /// Where it is noted what each perspective saw; it outlives the inquiry.
        std::reference_wrapper<Audit> audit = forgetful_audit();
    };
    Inquiry(Options options, Validator& validator, const base::Clock& clock, base::Log& log,
            Observer& observer);

    /// Why it is asked.
    enum class Occasion {
        attempt,  ///< a client answered a challenge: whatever comes of it is a result
        glance,   ///< perhaps the proof stands there already: only that is one
    };
    struct Finding {
        std::optional<Validator::Failure> failure{};
        /// As of Validator::Answer.
        std::optional<base::Seconds> reliable_for{};
    };
    /// Asks once for the authorization's attempt. Throws what base::shortage_in knows if the CA
    /// lacks something and the authorization has not expired.
    [[nodiscard]] base::Task<Finding> ask(const Authorization& authorization,
                                          const Account& account, Occasion occasion);

  private:
    [[nodiscard]] Validator::Question question_about(const Authorization& authorization,
                                                     const Account& account) const;
    base::Task<Finding> carry_out(const Authorization& authorization, Validator::Question question,
                                  Occasion occasion, std::string& seen);
    /// Logs what each perspective saw, and notes it in the audit log.
    void tell(const Authorization& authorization, const std::vector<Evidence>& evidence,
              const std::optional<protocol::Problem>& problem);

    const Options options_;
    Validator& validator_;
    const base::Clock& clock_;
    base::Log& log_;
    Observer& observer_;
};

}  // namespace cairn::ca
