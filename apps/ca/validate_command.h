#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::apps {

/// What `cairn-ca validate` is asked for.
struct ValidateRequest {
    std::filesystem::path folder;
    std::vector<std::string> overrides;
    std::string name;    ///< a name, a wildcard or an address
    std::string method;  ///< "http-01" and so on; empty: all that the CA offers for the name
    /// The URL of an account, for the methods that are bound to one.
    std::string account;
    bool as_json = false;
};

/// Prints what each perspective sees for a name, step by step: records, addresses, connections,
/// redirects, TLS, and how bodies begin. There is no challenge, so nothing is proved, and nothing
/// is changed. 0: it was looked, and each method got as far as where a proof would be; 2: one did
/// not. Throws std::runtime_error saying what cannot be looked for.
[[nodiscard]] int run_validate(const ValidateRequest& request);

}  // namespace cairn::apps
