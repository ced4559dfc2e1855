#pragma once

#include <optional>
#include <string>

#include "base/ip_address.h"

namespace cairn::ca {

/// Who makes the CA do something; each may be unknown.
struct Cause {
    /// The id under which the access log has the request.
    std::string request{};
    /// Who sent it.
    std::optional<base::IpAddress> client{};
    /// The operator who acts: "user 0".
    std::string operator_name{};
};

}  // namespace cairn::ca
