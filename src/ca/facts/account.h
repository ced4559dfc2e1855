#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ca/facts/id.h"
#include "protocol/jwk.h"
#include "protocol/status.h"

namespace cairn::ca {

/// The stored facts of an account (RFC 8555 section 7.1.2).
struct Account {
    AccountId id;
    protocol::Jwk key;
    std::vector<std::string> contacts;
    base::Time created;
    /// When the terms of service were agreed to; none where the CA had none.
    std::optional<base::Time> terms_agreed;
    std::optional<base::Time> deactivated;

    [[nodiscard]] protocol::AccountStatus status() const {
        return deactivated ? protocol::AccountStatus::deactivated : protocol::AccountStatus::valid;
    }
};

}  // namespace cairn::ca
