#pragma once

#include "base/log.h"
#include "base/task.h"
#include "ca/ports/work_leases.h"
#include "ca/work/clock_watch.h"
#include "ca/work/crl_signing.h"
#include "ca/work/periodic_work.h"

namespace cairn::ca {

/// Keeps the revocation lists of all issuers up, in the background: round after round of
/// `CrlSigning::sign_due`. One of the nodes does it, one whose clock is believed (PeriodicWork);
/// when that one dies, another goes on within half a minute.
class CrlRounds {
  public:
    CrlRounds(CrlSigning& signing, base::Milliseconds between_rounds, const ClockWatch& clock,
              WorkLeases& leases, base::Log& log);

    /// Begins the first round, on an executor that runs one handler at a time.
    void start(const base::Executor& executor) { work_.start(executor); }
    /// Waits for the step that is under way.
    void stop() { work_.stop(); }

  private:
    base::Task<void> run_round(PeriodicWork::Turn& turn);

    CrlSigning& signing_;
    PeriodicWork work_;
};

}  // namespace cairn::ca
