#pragma once

#include <string>
#include <vector>

#include "ca/rules/policy_kind.h"

namespace cairn::apps {

/// What `init` writes: every key, with its default commented out where it need not be there.
[[nodiscard]] std::string initial_configuration(const std::string& listen,
                                                const std::string& admin_listen,
                                                const std::string& public_url,
                                                const std::vector<std::string>& hosts,
                                                ca::PolicyKind kind = ca::PolicyKind::private_ca);

}  // namespace cairn::apps
