#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/attempt_record.h"
#include "client/environment.h"
#include "client/issuance.h"
#include "client/lineage_fact_store.h"
#include "client/progress.h"
#include "client/renewal.h"

namespace cairn::client {

/// The renewal of one lineage: of each of its certificates that is due, and then once for all of
/// them the deployment. Used once, by one thread.
class LineageRenewal {
  public:
    LineageRenewal(const Environment& environment, const RenewalOptions& options, LineageName name,
                   Progress& progress)
        : environment_(environment),
          options_(options),
          name_(std::move(name)),
          listener_(progress, name_.text()),
          progress_(environment, name_, AttemptWork::renew, listener_) {}

    /// What came of it, as `renew` tells. Waits for another run that works on the lineage.
    [[nodiscard]] std::vector<RenewalOutcome> run();

  private:
    void renew();
    void end_attempt();
    [[nodiscard]] CertificatePlan plan() const;
    void rehearse();
    void finish_earlier();
    void renew_if_due(const LineageMember& member, const CertificatePlan& plan);
    void deploy_if_pending(const CertificatePlan& plan);
    void deploy_earlier(const CertificatePlan& plan);
    void fail_to_deploy(RenewalOutcome::Kind concerned, const Failure& failure);

    /// When the certificate is due; nothing if it is now, whatever its age.
    [[nodiscard]] std::optional<base::Time> due_time(const LineageMember& member,
                                                     const CertificatePlan& plan,
                                                     const pki::Certificate& certificate) const;
    /// What is known of it, after its CA was asked when to renew it, if it may be asked now.
    [[nodiscard]] LineageFacts advised_facts(const LineageMember& member,
                                             const CertificatePlan& plan,
                                             const pki::Certificate& certificate) const;
    /// The CA that issued what is in place, as far as is known.
    [[nodiscard]] Authority issuer_of(const LineageMember& member,
                                      const CertificatePlan& plan) const;

    RenewalOutcome& add(RenewalOutcome::Kind kind, std::optional<crypto::KeyType> key_type);
    void fail(std::optional<crypto::KeyType> key_type, const Failure& failure);
    [[nodiscard]] bool has_outcome(crypto::KeyType key_type) const;

    const Environment& environment_;
    const RenewalOptions& options_;
    const LineageName name_;
    LineageProgress listener_;
    AttemptRecord progress_;
    std::vector<RenewalOutcome> outcomes_;
    /// A failure that would be repeated for another certificate of the lineage.
    std::optional<Failure> shared_failure_;
};

}  // namespace cairn::client
