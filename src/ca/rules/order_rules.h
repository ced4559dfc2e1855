#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ca/facts/account_scope.h"
#include "ca/facts/authorization.h"
#include "ca/facts/order.h"
#include "ca/rules/policy.h"
#include "ca/rules/profile.h"
#include "pki/certificate_builder.h"
#include "pki/csr.h"
#include "protocol/order.h"
#include "protocol/problem.h"

// What the CA allows and requires of an order: pure functions over values. Workflows ask here and
// never decide themselves.
namespace cairn::ca {

/// Judges a request for an order under `profile`: the number of names, whether the profile that was
/// asked for is for such names at all (invalidProfile), each name by `policy`, the profile's rules
/// and those of the account's `scope`, with a subproblem for each refused one, and the validity
/// asked for.
[[nodiscard]] std::optional<protocol::Problem> order_refusal(
    const protocol::NewOrderRequest& request, const Profile& profile, const NamePolicy& policy,
    base::Time now, const AccountScope& scope = {});

/// The part of it about names. Asked again when the order is finalized: what the operator allows
/// may have changed since.
[[nodiscard]] std::optional<protocol::Problem> names_refusal(
    std::span<const protocol::Identifier> identifiers, const Profile& profile,
    const NamePolicy& policy, const AccountScope& scope);

/// Why an order with this requested validity cannot be fulfilled now: notBefore is more than 48
/// hours away (BR 7.1.2.7), the end is past or before the begin, or it is longer than the profile
/// allows. Checked when the order is placed and again when it is finalized.
[[nodiscard]] std::optional<protocol::Problem> validity_refusal(
    std::optional<base::Time> not_before, std::optional<base::Time> not_after,
    const Profile& profile, base::Time now);

/// Why a certificate with the validity of `intent` may not be signed at `now` by an issuer that
/// ends at `issuer_not_after`, or nothing. An intent from before a long outage may be too old.
[[nodiscard]] std::optional<protocol::Problem> intent_refusal(const IssuanceIntent& intent,
                                                              base::Time issuer_not_after,
                                                              base::Time now);

/// Everything that is wrong with `csr` for `order`: its names are not exactly the order's (compared
/// without case and duplicates), its common name is none of them, its key may not be certified, at
/// all or under `profile`, it asks for must-staple, or for URIs, other than those that a profile
/// with URIs and the account's `scope` let it have. Empty: nothing is.
[[nodiscard]] std::vector<std::string> csr_findings(const pki::Csr& csr, const Order& order,
                                                    const Profile& profile,
                                                    const AccountScope& scope);

/// The validity of a certificate issued at `now`: `life` in all, of which `backdate` is in the
/// past, and not beyond `end`. If `end` cuts it short, at most a tenth is in the past, whatever
/// `backdate` is. Both ends inclusive.
[[nodiscard]] pki::Validity validity_until(base::Time end, base::Seconds life,
                                           base::Seconds backdate, base::Time now);

/// The validity of a certificate for `order` issued now: what the order asks for, else what the
/// profile says; never beyond the issuer's own. Both ends inclusive.
[[nodiscard]] pki::Validity validity_for(const Order& order, const Profile& profile,
                                         base::Time issuer_not_after, base::Time now);

}  // namespace cairn::ca
