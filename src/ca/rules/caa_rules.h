#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ca/facts/authorization.h"
#include "ca/facts/order.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"

// When CAA records are to be asked for again before issuance: pure functions.
namespace cairn::ca {

/// No certificate is signed for a name whose CAA records were asked for longer ago (BR 3.2.2.8).
inline constexpr base::Seconds longest_caa_reliance = std::chrono::hours(8);
/// When an issuance begins, records are asked for again if less than this is left of it.
inline constexpr base::Seconds caa_margin = std::chrono::hours(1);

/// A look at the CAA records of a name that found issuance permitted.
struct CaaCheck {
    protocol::Identifier name;
    base::Time at;
};

/// What is known about CAA when an order is to be issued.
struct CaaStanding {
    /// Whether this CA has a name in CAA records; else nothing is asked.
    bool is_asked = false;
    /// Validations that began after this have asked for the records as they are asked for now.
    base::Time since{};
    /// What was found before this counts no more.
    base::Time from{};
    /// What was asked for since the validations.
    std::vector<CaaCheck> checks{};
};

/// A name whose records are to be asked for, and by which method it was validated.
struct CaaWish {
    protocol::Identifier name;
    protocol::ChallengeType method{};
    /// The method as CAA records name it, where it is no challenge: `operators_word_method`; else
    /// empty.
    std::string method_name{};
};
/// How a property names the operator's word, which stands for a validation (validationmethods, RFC
/// 8657 section 4: labels of a CA's own methods begin with "ca-").
inline constexpr std::string_view operators_word_method = "ca-operators-word";

/// The names of `order` for which no look at the CAA records is known that still counts: neither
/// the validation that proves the very name (that of a name above it looked elsewhere) nor a check
/// since. Addresses have no CAA records (BR 3.2.2.8 is about dNSNames).
[[nodiscard]] std::vector<CaaWish> missing_caa_checks(const Order& order,
                                                      std::span<const Authorization> proofs,
                                                      const CaaStanding& standing);

/// What one look for a name came to.
struct CaaRefusal {
    protocol::Identifier name;
    protocol::Problem problem;
};
/// The problem of an order for which records forbid issuance or cannot be looked up, with a
/// subproblem for each such name; `refusals` is not empty.
[[nodiscard]] protocol::Problem caa_problem(std::span<const CaaRefusal> refusals);

}  // namespace cairn::ca
