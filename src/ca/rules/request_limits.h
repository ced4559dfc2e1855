#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/enum_table.h"
#include "ca/rules/limits.h"
#include "ca/rules/policy_kind.h"

namespace cairn::ca {

/// Requests that are counted together.
enum class RequestGroup {
    directory,
    new_nonce,
    new_account,
    new_order,
    revoke_cert,
    renewal_info,
    other,
};
/// As its key in the configuration: "new_nonce".
[[nodiscard]] std::string_view to_string(RequestGroup group);

/// How many requests of each group one address may send; none where that is not bounded.
class RequestLimits {
  public:
    [[nodiscard]] const std::optional<Limit>& operator[](RequestGroup group) const {
        return limits_.at(base::position_of(group));
    }
    [[nodiscard]] std::optional<Limit>& operator[](RequestGroup group) {
        return limits_.at(base::position_of(group));
    }
    friend bool operator==(const RequestLimits&, const RequestLimits&) = default;

  private:
    std::array<std::optional<Limit>, base::enumerators<RequestGroup>.size()> limits_{};
};

/// Those of a CA of this kind, where its operator says nothing else.
[[nodiscard]] RequestLimits default_request_limits(PolicyKind kind);

}  // namespace cairn::ca
