#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <vector>

#include "apps/ca/authority.h"
#include "apps/ca/configuration.h"
#include "base/clock.h"
#include "net/http_server.h"

namespace cairn::apps {

/// The certificate with which the CA serves HTTPS: issued to itself by one of its issuers, kept in
/// pki/server.pem and pki/server-key.pem, renewed with a new key when a third of its life is left.
class ServerCertificate {
  public:
    ServerCertificate(std::filesystem::path folder, const base::Clock& clock,
                      std::shared_ptr<net::TlsIdentity> identity);

    /// Loads or issues the certificate, whichever is needed for the present names and issuer, and
    /// hands it to the identity. Called at the start, after a reload, and from time to time.
    /// Throws std::runtime_error if it cannot be issued or written.
    void refresh(const Configuration& configuration, Authority& authority,
                 const base::Executor& executor);

    /// The end of the validity of the certificate in use; from any thread.
    [[nodiscard]] base::Time not_after() const { return not_after_; }

  private:
    std::filesystem::path chain_path_, key_path_;
    const base::Clock& clock_;
    std::shared_ptr<net::TlsIdentity> identity_;
    base::Time renew_at_;
    std::atomic<base::Time> not_after_{};
};

}  // namespace cairn::apps
