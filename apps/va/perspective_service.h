#pragma once

#include <atomic>
#include <string>

#include "apps/va/configuration.h"
#include "apps/va/identity.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/ports/validator.h"
#include "http/message.h"

namespace cairn::apps {

/// What a perspective answers its CA: questions about identifiers, and what keeps its certificate
/// fresh. Who has not shown the CA's certificate is answered nothing, but for an enrolment with the
/// secret of the code. Thread-safe.
class PerspectiveService {
  public:
    /// All outlive it.
    PerspectiveService(const PerspectiveConfiguration& configuration, PerspectiveIdentity& identity,
                       ca::Validator& validator, base::Log& log)
        : configuration_(configuration), identity_(identity), validator_(validator), log_(log) {}

    [[nodiscard]] base::Task<http::Response> handle(http::Request request);

  private:
    [[nodiscard]] bool is_enrolling(const http::Request& request, const std::string& secret) const;
    base::Task<http::Response> validate(http::Request request);
    [[nodiscard]] http::Response status() const;
    [[nodiscard]] http::Response make_request(const http::Request& request);
    [[nodiscard]] http::Response take_certificate(const http::Request& request);

    const PerspectiveConfiguration& configuration_;
    PerspectiveIdentity& identity_;
    ca::Validator& validator_;
    base::Log& log_;
    std::atomic<std::size_t> in_flight_ = 0;
};

}  // namespace cairn::apps
