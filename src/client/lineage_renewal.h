#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/attempt_record.h"
#include "client/certificate_issuance.h"
#include "client/environment.h"
#include "client/issuance.h"
#include "client/lineage_fact_store.h"
#include "client/progress.h"
#include "client/renewal.h"
#include "client/renewal_calendar.h"
#include "client/renewal_schedule.h"
#include "client/run_hooks.h"

namespace cairn::client {

/// The renewal of one lineage: of each of its certificates that is due, and then once for all of
/// them the deployment. Used once, by one thread.
class LineageRenewal {
  public:
    LineageRenewal(const Environment& environment, const RenewalOptions& options, LineageName name,
                   RenewalCalendar& calendar, RunHooks& hooks, Progress& progress)
        : environment_(environment),
          options_(options),
          name_(std::move(name)),
          calendar_(calendar),
          hooks_(hooks),
          listener_(progress, name_.text()),
          progress_(environment, name_, AttemptWork::renew, listener_) {}

    /// What came of it, as `renew` tells. Waits for another run that works on the lineage. What was
    /// verified and is not due is entered in the calendar.
    [[nodiscard]] std::vector<RenewalOutcome> run();

  private:
    void renew();
    void end_attempt();
    [[nodiscard]] CertificatePlan plan() const;
    void rehearse();
    void finish_earlier();
    void renew_if_due(const LineageMember& member, const CertificatePlan& plan);
    [[nodiscard]] IssuedCertificate obtain_due(const IssuanceOrder& order, const DueTime& due);
    void deploy_if_pending(const CertificatePlan& plan);
    void deploy_earlier(const CertificatePlan& plan);
    void fail_to_deploy(RenewalOutcome::Kind concerned, const Failure& failure);

    /// When and why the certificate is due, after its CA was asked when to renew it, if it may be
    /// asked now.
    [[nodiscard]] DueTime due_time_of(const LineageMember& member, const CertificatePlan& plan,
                                      const Generation& standing);
    [[nodiscard]] LineageFacts advised_facts(const LineageMember& member,
                                             const CertificatePlan& plan,
                                             const Generation& standing);
    /// Keeps what the CA has just said of when to renew the certificate.
    void keep_advice(const LineageMember& member);
    /// The same beside a failure, which is what matters then.
    void keep_advice_if_possible(const LineageMember& member) noexcept;
    /// Keeps that the certificate is replaced sooner than its age asks for, and what `keep_advice`
    /// does.
    void note_hastening(const LineageMember& member, const pki::Certificate& certificate);
    /// Enters in the calendar what was found out, if nothing is to be done now.
    void enter(const CertificatePlan& plan, const LineageSight& seen);
    /// The CA that issued what is in place, as far as is known.
    [[nodiscard]] Authority issuer_of(const LineageMember& member,
                                      const CertificatePlan& plan) const;

    RenewalOutcome& add(RenewalOutcome::Kind kind, std::optional<crypto::KeyType> key_type);
    void fail(std::optional<crypto::KeyType> key_type, const Failure& failure);
    [[nodiscard]] bool has_outcome(crypto::KeyType key_type) const;

    const Environment& environment_;
    const RenewalOptions& options_;
    const LineageName name_;
    RenewalCalendar& calendar_;
    RunHooks& hooks_;
    LineageProgress listener_;
    AttemptRecord progress_;
    /// When there is something to do at the soonest, by what was found out so far.
    base::Time next_action_ = base::Time::max();
    std::vector<RenewalOutcome> outcomes_;
    /// What is wanted of the lineage, once that was read; and whether an order was made for it.
    std::optional<CertificatePlan> wanted_;
    /// What the CA has said in this run of the certificate that is looked at, until it is kept. It
    /// is not worth a write of its own where the certificate is about to be replaced.
    std::optional<RenewalAdvice> unkept_advice_;
    bool is_tried_ = false;
    /// A failure that would be repeated for another certificate of the lineage.
    std::optional<Failure> shared_failure_;
};

}  // namespace cairn::client
