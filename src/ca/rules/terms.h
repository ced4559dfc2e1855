#pragma once

#include <optional>
#include <string>

#include "ca/facts/account.h"
#include "protocol/problem.h"

namespace cairn::ca {

/// The terms of service, and whom they hold up (RFC 8555 sections 7.3 and 7.3.3).
struct Terms {
    /// Where they stand; empty: there are none.
    std::string url{};
    /// What another URL than before means: other terms, to which accounts must agree before they
    /// order again, or the same ones in another place.
    enum class Change { asks_for_agreement, asks_for_nothing };
    Change change = Change::asks_for_agreement;

    /// Whether the account has agreed to these terms, as far as that is asked for. Which ones it
    /// agreed to under a former version of this program is not known, and taken to be these.
    [[nodiscard]] bool are_agreed_to_by(const Account& account) const;
    /// Why the account cannot order anything: userActionRequired, with the URL as `instance`. An
    /// account that was made before there were any terms is asked as well.
    [[nodiscard]] std::optional<protocol::Problem> refusal(const Account& account) const;
};

}  // namespace cairn::ca
