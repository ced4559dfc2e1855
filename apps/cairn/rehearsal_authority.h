#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apps/ca/adapters.h"
#include "apps/ca/server.h"
#include "base/clock.h"
#include "crypto/random.h"

namespace cairn {

/// How the CA of a rehearsal sees the names that it validates.
struct RehearsalView {
    /// "ADDR[:PORT]"; empty: from the roots.
    std::vector<std::string> resolvers{};
    std::uint16_t http_port = 80, https_port = 443, tls_alpn_port = 443;
};

/// A whole CA inside this program, which nobody trusts: it listens on a free port of loopback,
/// keeps all in one folder, validates from this machine, private names and addresses too, and is
/// gone with this object.
class RehearsalAuthority {
  public:
    /// Makes it in `folder`, which must not exist, and starts it. Throws client::Failure.
    RehearsalAuthority(const std::filesystem::path& folder, const RehearsalView& view,
                       const base::Clock& clock, crypto::Random& random);
    RehearsalAuthority(const RehearsalAuthority&) = delete;
    RehearsalAuthority& operator=(const RehearsalAuthority&) = delete;

    [[nodiscard]] const std::string& directory_url() const { return directory_url_; }
    /// Its root, by which its own TLS is trusted.
    [[nodiscard]] const std::filesystem::path& root_file() const { return root_file_; }

  private:
    apps::Adapters adapters_;
    std::string directory_url_;
    std::filesystem::path root_file_;
    std::unique_ptr<apps::Server> server_;
};

}  // namespace cairn
