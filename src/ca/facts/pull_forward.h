#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ca/facts/certificate.h"
#include "ca/facts/id.h"
#include "pki/serial_number.h"

namespace cairn::ca {

using PullForwardId = Id<struct PullForwardKind>;

/// An operator's word that certificates are to be renewed early: one rule, however many it is
/// about. A certificate is meant if all that the rule names fits.
struct PullForward {
    /// At most so many serial numbers in one rule.
    static constexpr std::size_t most_serials = 1000;

    PullForwardId id;
    base::Time created;
    /// Empty: any.
    std::vector<pki::SerialNumber> serials{};
    /// Empty: any.
    std::string profile{};
    std::optional<IssuerId> issuer{};
    /// Both ends belong to it. What is issued after the rule was made is never meant.
    std::optional<base::Time> issued_after{};
    base::Time issued_before;
    /// The renewals are spread from `created` to here; none: all of them are due at once.
    std::optional<base::Time> deadline{};
    /// Why, for people; may be empty.
    std::string explanation_url{};

    /// Whether this certificate is meant. One whose profile is not known any more is taken to have
    /// the wanted one: a renewal too many does less harm than one that is missing.
    [[nodiscard]] bool is_about(const IssuedCertificate& certificate) const;
    friend bool operator==(const PullForward&, const PullForward&) = default;
};

}  // namespace cairn::ca
