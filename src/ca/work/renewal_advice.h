#pragma once

#include <optional>

#include "base/task.h"
#include "ca/facts/certificate.h"
#include "ca/ports/repository.h"
#include "ca/rules/renewal_window.h"
#include "pki/renewal_identifier.h"

namespace cairn::ca {

/// When to renew, as the CA advises whoever asks (RFC 9773 section 4).
class RenewalAdvice {
  public:
    explicit RenewalAdvice(Repository& repository) : repository_(repository) {}

    /// The window of the certificate with this name; nothing if this CA did not issue it.
    [[nodiscard]] base::Task<std::optional<RenewalWindow>> window_of(
        pki::RenewalIdentifier identifier);
    /// The window of a certificate of this CA.
    [[nodiscard]] base::Task<RenewalWindow> window_of(IssuedCertificate certificate);

  private:
    Repository& repository_;
};

}  // namespace cairn::ca
