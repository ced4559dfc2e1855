#include "store/postgres_repository.h"
#include "store/token_bucket.h"

namespace cairn::store {
namespace {

const Statement spend_all{"spend",
                          "SELECT arrival FROM spend($1, $2, $3, $4, $5) AS spent,"
                          " unnest(spent.arrivals) WITH ORDINALITY AS a (arrival, place)"
                          " ORDER BY place",
                          Statement::Effect::once};

}  // namespace

base::Task<ca::Spending> PostgresRepository::spend(std::vector<ca::Spend> spends, base::Time now) {
    const auto withdrawals = withdrawals_of(spends);
    const auto present = instant_of(now);
    std::vector<std::string> buckets;
    std::vector<std::int64_t> costs, capacities;
    for (std::size_t i = 0; i < spends.size(); ++i) {
        buckets.push_back(spends[i].bucket);
        costs.push_back(withdrawals[i].cost);
        capacities.push_back(withdrawals[i].capacity);
    }
    std::vector<Instant> arrivals;
    if (!spends.empty()) {
        const auto answer = co_await run(spend_all, buckets, costs, capacities, present,
                                         forgettable_before(present));
        arrivals = answer.each([](PostgresRow& row) { return row.integer(); });
    }
    co_return spending_of(withdrawals, arrivals, present);
}

}  // namespace cairn::store
