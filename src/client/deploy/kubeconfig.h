#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::client {

/// How one context of a kubeconfig reaches its API server. Relative paths are as from the folder of
/// the file.
struct KubeAccess {
    std::string server;
    /// Empty: "default".
    std::string space{};
    /// PEM, or a file with it; both empty: the system's roots.
    std::string root_pem{};
    std::filesystem::path root_file{};
    /// One of: a token, a file with one, or a client's certificate and key, each as PEM or a file.
    base::SecretBytes token{};
    std::filesystem::path token_file{};
    std::string chain_pem{};
    std::filesystem::path chain_file{};
    base::SecretBytes key_pem{};
    std::filesystem::path key_file{};
};

/// Reads a kubeconfig (YAML or JSON) of at most 1 MiB: the context of this name, or if empty the
/// current one. What would have a program run (exec, auth-provider) or leaves the server unverified
/// (insecure-skip-tls-verify) is refused. `folder`: that of the file.
[[nodiscard]] base::Result<KubeAccess> kube_access_from(std::string_view text,
                                                        const std::string& context,
                                                        const std::filesystem::path& folder);

}  // namespace cairn::client
