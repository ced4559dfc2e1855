#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/enum_table.h"
#include "ca/facts/charge.h"
#include "ca/facts/id.h"
#include "ca/facts/limit_name.h"
#include "ca/facts/request_context.h"
#include "ca/rules/policy_kind.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"

// Rate limits: how much clients may ask for, and what that takes from buckets. Pure functions; a
// bucket is named after its limit and what it counts for: "new_orders_per_account:ID".
namespace cairn::ca {

/// As its key in the configuration.
[[nodiscard]] std::string_view to_string(LimitName name);
[[nodiscard]] std::optional<LimitName> limit_from(std::string_view text);
/// What it bounds, in a few words: "new orders from one account".
[[nodiscard]] std::string_view summary_of(LimitName name);

struct Limit {
    Rate rate;
    std::int64_t burst = 0;  ///< how many at once; 0: the count
    friend bool operator==(const Limit&, const Limit&) = default;
};

/// Each limit, or none where it is off. `requests_per_ip` is never among them.
class Limits {
  public:
    [[nodiscard]] const std::optional<Limit>& operator[](LimitName name) const {
        return limits_.at(base::position_of(name));
    }
    [[nodiscard]] std::optional<Limit>& operator[](LimitName name) {
        return limits_.at(base::position_of(name));
    }
    friend bool operator==(const Limits&, const Limits&) = default;

  private:
    std::array<std::optional<Limit>, base::enumerators<LimitName>.size()> limits_{};
};

/// Those of a CA of this kind, where its operator says nothing else.
[[nodiscard]] Limits default_limits(PolicyKind kind);

/// What a limit can be set for apart, beside all.
enum class LimitSubject { account, domain, network };
[[nodiscard]] std::string_view to_string(LimitSubject subject);
/// Whether operators may set it for such subjects.
[[nodiscard]] bool is_for(LimitName name, LimitSubject subject);
/// Under which key an override for `subject` is kept: an account's id, a registered domain, or a
/// network as base::IpNetwork writes it.
[[nodiscard]] std::string override_key(LimitName name, LimitSubject kind, std::string_view subject);

/// Why an order is not counted as others are.
struct LimitExemption {
    /// It replaces a certificate as the CA advised (RFC 9773): no limit holds it.
    bool is_advised_renewal = false;
    /// There is a certificate for the same set of names: certificates_per_exact_set alone holds it,
    /// where that is on.
    bool is_same_set = false;
};

/// The charges of an account that `context` asks for.
[[nodiscard]] Charges new_account_charges(const Limits& limits, const RequestContext& context);
/// Of an order: it takes from new_orders_per_account. The others have to hold enough for it.
[[nodiscard]] Charges new_order_charges(const Limits& limits, const AccountId& account,
                                        const std::vector<protocol::Identifier>& names,
                                        const LimitExemption& exemption);
/// Of the issuance of a certificate that ends at `not_after`. It also marks its set of names.
[[nodiscard]] Charges issuance_charges(const Limits& limits, const AccountId& account,
                                       const std::vector<protocol::Identifier>& names,
                                       const LimitExemption& exemption, base::Time not_after,
                                       base::Time now);
/// Asks for the mark of a set: refused where there is a certificate for it (LimitExemption). Empty
/// where that changes nothing.
[[nodiscard]] Charges same_set_question(const Limits& limits,
                                        const std::vector<protocol::Identifier>& names);

/// What has to hold enough before a name is validated, and for an order of it; takes nothing.
[[nodiscard]] Charges validation_checks(const Limits& limits, const AccountId& account,
                                        const protocol::Identifier& name);
/// Of a validation that failed.
[[nodiscard]] Charges failure_charges(const Limits& limits, const AccountId& account,
                                      const protocol::Identifier& name);
/// Of one that succeeded: the failures before it are no longer in a row.
[[nodiscard]] Charges success_charges(const Limits& limits, const AccountId& account,
                                      const protocol::Identifier& name);
/// What pauses the account for the name, until an operator fills the bucket, or the time is over in
/// which as many failures are forgotten.
[[nodiscard]] Charges pause_charges(const Limits& limits, const AccountId& account,
                                    const protocol::Identifier& name);
/// Whether `decision` about `failure_charges`, or about asking for them, tells of failures that are
/// counted, so that a success has something to clear.
[[nodiscard]] bool tells_of_failures(const Charges& charges, const ChargeDecision& decision);
/// Whether `decision` about `failure_charges` says that no further failure in a row is left.
[[nodiscard]] bool is_last_failure(const Charges& charges, const ChargeDecision& decision);

/// Which limit a charge belongs to.
[[nodiscard]] LimitName limit_of(const Charge& charge);
/// What an operator asks about. Empty: not said.
struct BucketSubject {
    std::optional<AccountId> account;
    std::vector<protocol::Identifier> names;
    std::optional<base::IpAddress> address;
};
/// The buckets that count for `subject`: a limit's charge stands where all that it counts for is
/// said. Each only looks.
[[nodiscard]] Charges buckets_of(const Limits& limits, const BucketSubject& subject);

/// The refusal that `decision` about `charges` stands for: rateLimited, with the limit, when to
/// come again, and `help` (a URL) as a link. Waits up to `short_wait` are told with 503, since some
/// clients give up at 429; RFC 8555 section 6.6.
[[nodiscard]] protocol::Problem limit_refusal(const Charges& charges,
                                              const ChargeDecision& decision,
                                              const std::string& help, base::Time now);
inline constexpr base::Seconds short_wait{10};

/// What certificates_per_domain counts a name for: the registered domain, the IPv4 address, or the
/// /64 of the IPv6 address.
[[nodiscard]] std::string counted_domain(const protocol::Identifier& name);
/// The name that is registered for `name`, by the list of public suffixes; itself, if there is
/// none.
[[nodiscard]] std::string registered_domain(const std::string& name);

}  // namespace cairn::ca
