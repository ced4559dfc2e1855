#include "ca/work/crl_rounds.h"

namespace cairn::ca {

namespace {

constexpr base::Milliseconds lease{30'000};

}  // namespace

CrlRounds::CrlRounds(CrlSigning& signing, base::Milliseconds between_rounds,
                     const ClockWatch& clock, WorkLeases& leases, base::Log& log)
    : signing_(signing),
      work_(
          {.name = "crl",
           .between_rounds = between_rounds,
           .lease = lease,
           .is_able = [&clock] { return clock.is_believed(); }},
          [this](PeriodicWork::Turn& turn) { return run_round(turn); }, leases, log) {}

base::Task<void> CrlRounds::run_round(PeriodicWork::Turn& turn) {
    co_await signing_.sign_due([&turn] { return turn.goes_on(); });
}

}  // namespace cairn::ca
