#pragma once

#include <optional>
#include <span>
#include <string>

#include "ca/facts/external_key.h"
#include "ca/facts/request_context.h"
#include "ca/rules/profile.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"

// What an external key allows to the accounts that are bound to it, and to who wants one bound:
// pure functions over values.
namespace cairn::ca {

/// Why no account can be bound to `key` for this request: unauthorized where it was revoked, has
/// ended or is used up, or where the request comes from elsewhere than its scope says. To be asked
/// only about who has shown to have the key, since it tells about it.
[[nodiscard]] std::optional<protocol::Problem> binding_refusal(const ExternalKey& key,
                                                               const RequestContext& context);

/// Why an account that is bound to a key of this scope cannot order these names under `profile`:
/// unauthorized for where the request comes from and for the profile, rejectedIdentifier, with a
/// subproblem for each, for names.
[[nodiscard]] std::optional<protocol::Problem> scope_refusal(
    const ExternalKeyScope& scope, std::span<const protocol::Identifier> names,
    const Profile& profile, const RequestContext& context);

/// The profile of an order that names none: the default one or, if the scope does not have that,
/// the first one in the scope that there is. Null if there is none.
[[nodiscard]] const Profile* usual_profile(const ExternalKeyScope& scope, const Profiles& profiles);

/// Whether the operator's word, given with `key`, stands for the validation of `name` in an order
/// under `profile`. In a public CA it never does (`Profile::operators_word`).
[[nodiscard]] bool is_vouched_for(const protocol::Identifier& name, const ExternalKey& key,
                                  const Profile& profile);

}  // namespace cairn::ca
