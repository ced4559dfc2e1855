#include "store/postgres/repository.h"
#include "store/token_bucket.h"

namespace cairn::store {
namespace {

const Statement charge_all{"charge",
                           "SELECT arrival FROM spend($1, $2, $3, $4, $5) AS spent,"
                           " unnest(spent.arrivals) WITH ORDINALITY AS a (arrival, place)"
                           " ORDER BY place",
                           Statement::Effect::once};

}  // namespace

base::Task<ca::ChargeDecision> PostgresRepository::charge(std::vector<ca::Charge> charges,
                                                          base::Time now) {
    const auto withdrawals = withdrawals_of(charges);
    const auto present = instant_of(now);
    std::vector<std::string> buckets;
    std::vector<std::int64_t> costs, capacities;
    for (std::size_t i = 0; i < charges.size(); ++i) {
        buckets.push_back(charges[i].bucket);
        costs.push_back(withdrawals[i].cost);
        capacities.push_back(withdrawals[i].capacity);
    }
    std::vector<Instant> arrivals;
    if (!charges.empty()) {
        const auto answer = co_await run(charge_all, buckets, costs, capacities, present,
                                         forgettable_before(present));
        arrivals = answer.each([](PostgresRow& row) { return row.integer(); });
    }
    co_return decision_of(withdrawals, arrivals, present);
}

}  // namespace cairn::store
