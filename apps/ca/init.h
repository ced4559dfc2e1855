#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ca/rules/policy_kind.h"
#include "crypto/key.h"
#include "crypto/random.h"

namespace cairn::apps {

struct InitOptions {
    std::filesystem::path folder;
    std::string name = "Cairn";
    std::vector<std::string> hosts{"localhost"};
    std::string listen = "127.0.0.1:14000";
    ca::PolicyKind kind = ca::PolicyKind::private_ca;
    crypto::KeyType key_type = crypto::KeyType::ec_p256;
};

struct InitResult {
    std::string directory_url;
    std::string root_fingerprint;  ///< SHA-256, upper-case hexadecimal with colons
    std::filesystem::path root_file;
};

/// Creates a certificate authority in a folder that does not exist or is empty: configuration, root
/// and intermediate with their keys, and the place of the store. Either all of it is there
/// afterwards or nothing. Throws std::runtime_error saying what was wrong.
[[nodiscard]] InitResult init(const InitOptions& options, const base::Clock& clock,
                              crypto::Random& random);

/// `octets` as colon-separated upper-case hexadecimal, as `openssl x509 -fingerprint` prints it.
[[nodiscard]] std::string fingerprint(base::BytesView octets);

}  // namespace cairn::apps
