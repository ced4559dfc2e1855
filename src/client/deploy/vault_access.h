#pragma once
// Private to client/deploy: how a Vault is reached, and by what token.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "client/deploy/json_service.h"
#include "client/deploy/target.h"
#include "client/deploy/target_options.h"

namespace cairn::client {

/// A path as the path of a URL takes it, each part for itself.
[[nodiscard]] std::string vault_path(std::string_view path);

/// The address of a Vault, and who asks it: by a token that is there, or by one that it gives to an
/// AppRole. Nothing is asked or read before a service is opened.
class VaultAccess {
  public:
    /// Takes address, namespace, ca-file, and token-file or role-id, secret-id-file and login.
    /// Notes with the options what is wrong with them.
    [[nodiscard]] static VaultAccess take(TargetOptions& options, const TargetContext& context);

    [[nodiscard]] const std::string& address() const { return parts_.address; }
    /// Files with credentials and roots.
    [[nodiscard]] std::vector<std::filesystem::path> files_read() const;
    /// What stands in the way, as far as it can be seen from here; nothing if all is well.
    [[nodiscard]] std::optional<Failure> obstacle() const;
    /// The API below /v1, with the token. An AppRole logs in once, and again when half the life of
    /// its token is over. Throws Failure.
    [[nodiscard]] JsonService open(const TargetRun& run);

  private:
    struct Parts {
        std::string address, space, role_id, login, user_agent;
        std::filesystem::path root_file, token_file, secret_id_file;
    };
    explicit VaultAccess(Parts parts) : parts_(std::move(parts)) {}
    [[nodiscard]] JsonService service(base::BytesView token) const;
    [[nodiscard]] base::Result<base::SecretBytes> standing_token() const;
    /// Empty for an AppRole that needs none.
    [[nodiscard]] base::Result<base::SecretBytes> secret_id() const;
    void log_in(const TargetRun& run);

    Parts parts_;
    /// What an AppRole was given, and until when it is used.
    base::SecretBytes given_;
    std::chrono::steady_clock::time_point given_until_{};
};

}  // namespace cairn::client
