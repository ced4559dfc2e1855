#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "ca/facts/name_pattern.h"
#include "ca/facts/uri_pattern.h"

namespace cairn::ca {

/// What the accounts that are bound to an external key may do. An empty list sets no bounds.
struct ExternalKeyScope {
    /// Names and addresses that they may order certificates for.
    std::vector<NamePattern> names{};
    /// Where their requests for accounts and orders come from.
    std::vector<base::IpNetwork> networks{};
    /// Profiles that they may order under.
    std::vector<std::string> profiles{};
    /// URIs that their certificates may have beside the names, under a profile that has URIs at
    /// all. Here, none listed are none allowed.
    std::vector<UriPattern> uris{};
    /// The operator's word stands for the validation of `names`, which is not empty then.
    bool names_are_vouched_for = false;
};

/// The stored facts of a MAC key that the operator gave out, so that who has it can bind an account
/// to it (RFC 8555 section 7.3.4).
struct ExternalKey {
    /// Its name, chosen by the CA; `is_kid`.
    std::string kid;
    base::SecretBytes hmac_key;
    base::Time created;
    /// From when on no account can be bound to it; none: never.
    std::optional<base::Time> not_after{};
    /// How many accounts can be bound to it; none: any number.
    std::optional<std::int64_t> most_uses{};
    /// How many are.
    std::int64_t uses = 0;
    ExternalKeyScope scope{};
    /// The operator's own words: one line.
    std::string note{};
    /// From when on no account can be bound to it, nor a name vouched for by it.
    std::optional<base::Time> revoked{};

    enum class State { usable, revoked, expired, used_up };
    /// Whether an account can be bound to it at `now`.
    [[nodiscard]] State state(base::Time now) const {
        if (revoked) return State::revoked;
        if (not_after && now >= *not_after) return State::expired;
        return most_uses && uses >= *most_uses ? State::used_up : State::usable;
    }
};

/// "usable", "revoked", "expired", "used up".
[[nodiscard]] std::string_view to_string(ExternalKey::State state);

/// Whether an external key can have this name: 1 to 128 letters, digits, '.', '_', '~' and '-', the
/// first one no '-'.
[[nodiscard]] bool is_kid(std::string_view text);

}  // namespace cairn::ca
