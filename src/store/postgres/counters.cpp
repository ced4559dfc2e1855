#include <stdexcept>

#include "store/postgres/charge_lists.h"
#include "store/postgres/repository.h"

namespace cairn::store {
namespace {

const Statement charge_all{"charge", "SELECT arrivals FROM spend($1, $2, $3, $4, $5)",
                           Statement::Effect::once};
// A charge that waits for the row finds it gone, and makes a new one.
const Statement reset{"reset_bucket", "DELETE FROM counters WHERE bucket = $1",
                      Statement::Effect::repeatable};

}  // namespace

ChargeLists::ChargeLists(std::span<const ca::Charge> charges, base::Time now)
    : withdrawals(withdrawals_of(charges)),
      present(instant_of(now)),
      forget_before(forgettable_before(present)) {
    for (std::size_t i = 0; i < charges.size(); ++i) {
        buckets.push_back(charges[i].bucket);
        costs.push_back(withdrawals[i].cost);
        capacities.push_back(withdrawals[i].capacity);
    }
}

ca::ChargeDecision ChargeLists::decision(
    const std::optional<std::vector<Instant>>& arrivals) const {
    if (!arrivals) return {};
    if (arrivals->size() != withdrawals.size())
        throw std::logic_error("the database's answer tells of another number of buckets");
    return decision_of(withdrawals, *arrivals, present);
}

void ChargeLists::add_to(Parameters& parameters) const {
    parameters.add(buckets);
    parameters.add(costs);
    parameters.add(capacities);
    parameters.add(present);
    parameters.add(forget_before);
}

base::Task<ca::ChargeDecision> PostgresRepository::charge(ca::Charges charges, base::Time now) {
    const ChargeLists lists(charges, now);
    if (charges.empty()) co_return ca::ChargeDecision();
    Parameters parameters;
    lists.add_to(parameters);
    const auto answer = co_await pool_.call(charge_all, std::move(parameters));
    auto row = answer.row(0);
    co_return lists.decision(row.integers());
}

base::Task<bool> PostgresRepository::reset_bucket(std::string bucket) {
    const auto answer = co_await run(reset, bucket);
    // A first attempt whose answer was lost may have filled it.
    co_return answer.affected() == 1 || answer.follows_lost_answer();
}

}  // namespace cairn::store
