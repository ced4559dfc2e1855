#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "apps/ca/authority.h"
#include "apps/ca/configuration.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/server.h"

namespace cairn::apps {

/// The certificate with which the CA serves HTTPS: issued to itself by one of its issuers, kept in
/// pki/server.pem and pki/server-key.pem, renewed with a new key when a third of its life is left.
/// The key is of P-256, or of another kind where the issuers serve that alone.
class ServerCertificate {
  public:
    ServerCertificate(std::filesystem::path folder, const base::Clock& clock, base::Log& log,
                      std::shared_ptr<net::TlsIdentity> identity);

    /// Loads or issues the certificate, whichever is needed for the present names, issuer and time,
    /// and hands it to the identity. At the start and after a reload. One that cannot be written is
    /// used all the same, and the log says so. Throws if it cannot be issued, unless none is in use
    /// yet and there is an older one in the folder that can be.
    void refresh(const Configuration& configuration, Authority& authority,
                 const base::Executor& executor);
    /// The same, from time to time: throws nothing, and after a failure lets pass a minute, then
    /// two, four, an hour at most, before it issues or writes again.
    void keep_up(const Configuration& configuration, Authority& authority,
                 const base::Executor& executor);

    /// The validity of the certificate in use; from any thread.
    [[nodiscard]] base::Time not_before() const { return not_before_; }
    [[nodiscard]] base::Time not_after() const { return not_after_; }

  private:
    /// A certificate with its issuers, and its key.
    struct Pair {
        pki::Chain chain;
        crypto::PrivateKey key;
    };
    /// The pause after failures, one after the other.
    struct Patience {
        int failures = 0;
        std::chrono::steady_clock::time_point next_attempt;

        [[nodiscard]] bool is_over() const {
            return std::chrono::steady_clock::now() >= next_attempt;
        }
        void count_failure();
    };
    [[nodiscard]] std::optional<Pair> read() const;
    [[nodiscard]] bool is_good(const Pair& pair, const Configuration& configuration,
                               const Authority& authority) const;
    [[nodiscard]] Pair issue(const Configuration& configuration, Authority& authority,
                             const base::Executor& executor) const;
    void use(const Pair& pair);
    void write(const Pair& pair);
    void attempt(const Configuration& configuration, Authority& authority,
                 const base::Executor& executor);

    std::filesystem::path chain_path_, key_path_;
    const base::Clock& clock_;
    base::Log& log_;
    std::shared_ptr<net::TlsIdentity> identity_;
    std::optional<pki::Certificate> in_use_;
    /// What is in use and could not be written.
    std::optional<Pair> unwritten_;
    Patience issuing_, writing_;
    std::atomic<base::Time> not_before_{}, not_after_{};
};

}  // namespace cairn::apps
