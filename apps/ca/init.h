#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/ca/brought_authority.h"
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
    /// What the certificates are called; none: after `name`.
    std::optional<std::string> root_name{}, intermediate_name{}, organization{};
    /// None: ten years, five years, and 90 days for what profile "default" issues.
    std::optional<base::Seconds> root_life{}, intermediate_life{}, certificate_life{};
    /// What is there already.
    enum class Start {
        everything_new,
        root_brought,          ///< `brought` certifies our intermediate; its key is not kept
        intermediate_brought,  ///< `brought` issues
        request_only,          ///< a root kept elsewhere is to certify our key
    };
    Start start = Start::everything_new;
    BroughtFiles brought{};
    /// Where keys are made.
    IssuerKeyStore store{};
    /// What could not be read of the options, and is told with all else that is wrong.
    std::vector<std::string> mistakes{};
};

struct InitResult {
    std::string directory_url;
    /// SHA-256, upper-case hexadecimal with colons; empty: the root is not known yet.
    std::string root_fingerprint;
    std::filesystem::path root_file;
    /// The request that a root kept elsewhere is to answer, if that was wanted.
    std::filesystem::path request_file{};
    /// What an operator should know.
    std::vector<std::string> notes{};
};

/// Creates a certificate authority in a folder that does not exist or is empty: configuration,
/// intermediate with its key, root (with its key if it was made here), and the place of the store.
/// Either all of it is there afterwards or nothing. Throws std::runtime_error with all that is
/// wrong.
[[nodiscard]] InitResult init(const InitOptions& options, const base::Clock& clock,
                              crypto::Random& random);

/// `octets` as colon-separated upper-case hexadecimal, as `openssl x509 -fingerprint` prints it.
[[nodiscard]] std::string fingerprint(base::BytesView octets);

/// Adds to `findings` if `text`, which `flag` gave, cannot be the name of a CA's certificate: 1 to
/// 64 octets of UTF-8 without control characters.
void check_name(const std::string& flag, const std::string& text, Findings& findings);

}  // namespace cairn::apps
