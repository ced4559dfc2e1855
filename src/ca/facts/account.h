#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ca/facts/account_scope.h"
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
    /// What the operator lets it have, beyond what everybody may.
    AccountScope scope{};
    /// URL of the terms that were agreed to then; empty: not known, as a former version kept none.
    std::string terms_url{};
    /// How it is bound to an external account (section 7.3.4).
    struct Binding {
        std::string kid;     ///< the name of the ExternalKey
        std::string object;  ///< the externalAccountBinding, JSON text, as it was sent
        friend bool operator==(const Binding&, const Binding&) = default;
    };
    std::optional<Binding> binding{};

    [[nodiscard]] protocol::AccountStatus status() const {
        return deactivated ? protocol::AccountStatus::deactivated : protocol::AccountStatus::valid;
    }
};

/// What the holder of an account changes of it; what is not there stays as it is.
struct AccountChange {
    std::optional<std::vector<std::string>> contacts{};
    struct Agreement {
        base::Time at;
        std::string url;
    };
    std::optional<Agreement> terms{};
};

}  // namespace cairn::ca
