#include "ca/work/crl_rounds.h"

namespace cairn::ca {

namespace {

constexpr base::Milliseconds lease{30'000};

}  // namespace

CrlRounds::CrlRounds(CrlSigning& signing, base::Milliseconds between_rounds,
                     const ClockWatch& clock, WorkLeases& leases, base::Log& log)
    : signing_(signing),
      clock_(clock),
      work_(
          {.name = "crl", .between_rounds = between_rounds, .lease = lease},
          [this](PeriodicWork::Turn& turn) { return run_round(turn); }, leases, log) {}

base::Task<PeriodicWork::Outcome> CrlRounds::run_round(PeriodicWork::Turn& turn) {
    if (!clock_.is_believed()) co_return PeriodicWork::Outcome::unable;
    co_await signing_.sign_due([&turn] { return turn.goes_on(); });
    co_return PeriodicWork::Outcome::done;
}

}  // namespace cairn::ca
