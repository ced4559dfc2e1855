#pragma once
// Private to the .cpp files of client: what certificate_keeper does in its thread.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "client/environment.h"
#include "client/library/keeper_options.h"
#include "client/network_evidence.h"
#include "client/renewal.h"
#include "client/renewal_rounds.h"
#include "client/state_directory.h"
#include "client/timer.h"
#include "crypto/random.h"

namespace cairn::client {

/// One round after the other in which certificates are obtained and renewed. Not thread-safe; the
/// parts outlive it.
class KeeperRounds {
  public:
    /// Asks nobody and writes nothing. Throws Failure for options that cannot be.
    KeeperRounds(KeeperOptions options, const base::Clock& clock, Timer& timer,
                 crypto::Random& random);

    /// Obtains what is missing, renews what is due, but for what waits after a failure, and tells
    /// of what is new and of what has failed.
    void run();
    /// When the next round is to be.
    [[nodiscard]] base::Time next() const { return next_; }
    /// Nothing waits because it has failed.
    void forget_failures();
    /// All that stands, whether or not it is still valid.
    [[nodiscard]] std::vector<KeptCertificate> standing() const;
    /// Throws Failure if a certificate does not stand as it is wanted, or is not valid any more:
    /// why it could not be obtained.
    void require_standing() const;

  private:
    struct Kept {
        WantedCertificate wanted;
        /// Whether its plan is kept and was once fulfilled by this process.
        bool is_settled = false;
        std::optional<Failure> failure{};
    };

    void work(std::vector<RenewalOutcome>& outcomes);
    [[nodiscard]] std::vector<RenewalOutcome> all_failed(const Failure& failure) const;
    /// Keeps the plan, and obtains what does not stand as it is wanted.
    void settle(const Environment& environment, const LineageName& lineage,
                const WantedCertificate& wanted);
    void take_in(const std::vector<RenewalOutcome>& outcomes);
    void tell_of_new();
    void tell_of_trouble(const std::string& lineage, const Failure& failure) const;
    [[nodiscard]] std::optional<CertificatePlan> former_plan(const LineageName& lineage) const;
    [[nodiscard]] std::vector<KeptCertificate> standing_of(const LineageName& lineage,
                                                           const WantedCertificate& wanted) const;
    [[nodiscard]] bool stands_as_wanted(const LineageName& lineage,
                                        const WantedCertificate& wanted) const;

    class Silence final : public Progress {
      public:
        void tell(const ProgressEvent&) override {}
    };

    KeeperOptions options_;
    const base::Clock& clock_;
    Timer& timer_;
    crypto::Random& random_;
    StateDirectory state_;
    std::string user_agent_;
    NetworkEvidence evidence_;
    Silence silence_;
    Progress& progress_;
    std::vector<LineageName> lineages_;  ///< in order
    std::map<LineageName, Kept> kept_;
    RenewalRounds rounds_;
    base::Time next_;
    std::map<std::pair<std::string, crypto::KeyType>, pki::Certificate> told_;
};

}  // namespace cairn::client
