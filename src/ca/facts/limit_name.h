#pragma once

namespace cairn::ca {

/// The rate limits; ca/rules/limits.h says what each counts.
enum class LimitName {
    new_accounts_per_ip,          ///< an IPv4 address
    new_accounts_per_ipv6_range,  ///< the /48 of an IPv6 address
    new_accounts,                 ///< all together
    new_orders_per_account,
    certificates_per_domain,     ///< a registered domain, an IPv4 address, the /64 of an IPv6 one
    certificates_per_exact_set,  ///< all names of a certificate, in any order
    failed_validations_per_account_and_name,
    /// Failures with no success between them; as many as the count pause the account for the name.
    consecutive_failures_per_account_and_name,
    requests_per_ip,  ///< counted by each node for itself, not by the store
};

}  // namespace cairn::ca
