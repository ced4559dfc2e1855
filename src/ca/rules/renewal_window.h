#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "ca/facts/certificate.h"
#include "ca/facts/pull_forward.h"
#include "pki/certificate_builder.h"

// When a certificate should be renewed (RFC 9773 section 4). Pure: the same facts give the same
// window, however often one asks.
namespace cairn::ca {

struct RenewalWindow {
    /// The end is later than the start.
    base::Time start, end;
    enum class Cause { usual, revoked, pulled_forward };
    Cause cause = Cause::usual;
    /// Where an operator pulled it forward: by which rule, and why, for people; may be empty.
    std::optional<PullForwardId> rule{};
    std::string explanation_url{};
    friend bool operator==(const RenewalWindow&, const RenewalWindow&) = default;
};

/// The window of a certificate in ordinary times: about two thirds of its validity, or half of one
/// that is shorter than ten days. It is two hundredths of the validity long, and its middle lies up
/// to one hundredth before or after that point, by the serial number, so that certificates that
/// were issued together are not renewed together.
[[nodiscard]] RenewalWindow usual_renewal_window(const pki::SerialNumber& serial,
                                                 const pki::Validity& validity);

/// The window in which a rule wants a certificate to be renewed that it is about. With a deadline
/// the windows are spread from the rule's creation to there, by the serial number; without, the
/// window was over before the rule was made, so that clients renew at once.
[[nodiscard]] RenewalWindow pulled_renewal_window(const PullForward& rule,
                                                  const pki::SerialNumber& serial);

/// The window of a certificate with this validity: over before its revocation, if it is revoked;
/// else the earliest of the usual one and those of the rules that are about it.
[[nodiscard]] RenewalWindow renewal_window(const IssuedCertificate& certificate,
                                           const pki::Validity& validity,
                                           std::span<const PullForward> rules);

}  // namespace cairn::ca
