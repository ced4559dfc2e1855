#include <stdexcept>

#include "base/enum_table.h"
#include "store/postgres/charge_lists.h"
#include "store/postgres/repository.h"

namespace cairn::store {
namespace {

using ca::Charge;
using enum Statement::Effect;
using enum Statement::Transaction;

// The numbers by which the database's function `settle` knows the effects.
constexpr base::EnumTable<Charge::Effect, std::int64_t> effect_numbers({
    {Charge::Effect::take, 0},
    {Charge::Effect::check, 1},
    {Charge::Effect::bar, 2},
    {Charge::Effect::mark, 3},
    {Charge::Effect::clear, 4},
});

const std::string settling = "SELECT state FROM settle(true, " + ChargeLists::placeholders(1) + ")";
const Statement charge_all{"charge", settling, once};
const Statement look_at_all{"look", settling, repeatable, shared};
// A charge that waits for the row finds it gone, and makes a new one.
const Statement reset{"reset_bucket", "DELETE FROM counters WHERE bucket = $1", repeatable};
const Statement set_override{"set_limit_override",
                             "INSERT INTO limit_overrides (key, count, period) VALUES ($1, $2, $3)"
                             " ON CONFLICT (key) DO UPDATE SET count = $2, period = $3",
                             repeatable};
const Statement remove_override{"remove_limit_override",
                                "DELETE FROM limit_overrides WHERE key = $1", repeatable};
const Statement list_overrides{"list_limit_overrides",
                               "SELECT key, count, period FROM limit_overrides WHERE key > $1"
                               " ORDER BY key LIMIT $2",
                               repeatable, shared};

}  // namespace

ChargeLists::ChargeLists(std::span<const Charge> charges, base::Time now)
    : withdrawals(withdrawals_of(charges)),
      present(instant_of(now)),
      forget_before(forgettable_before(present)) {
    for (std::size_t i = 0; i < charges.size(); ++i) {
        buckets.push_back(charges[i].bucket);
        auto& keys = overrides.emplace_back();
        for (const auto& key : charges[i].overrides) keys += (keys.empty() ? "" : "\n") + key;
        effects.push_back(effect_numbers[charges[i].effect]);
        // The interval of a mark is its whole period.
        const bool is_mark = charges[i].effect == Charge::Effect::mark;
        intervals.push_back(withdrawals[i].interval * (is_mark ? charges[i].capacity : 1));
        costs.push_back(charges[i].cost);
        capacities.push_back(withdrawals[i].capacity);
    }
}

ca::ChargeDecision ChargeLists::decision(const std::optional<std::vector<Instant>>& state) const {
    if (!state) return {};
    // The arrivals, then the counts of the overrides and their periods, 0 where there is none.
    const auto count = withdrawals.size();
    if (state->size() != 3 * count)
        throw std::logic_error("the database's answer tells of another number of buckets");
    auto in_force = withdrawals;
    for (std::size_t i = 0; i < count; ++i)
        if (const auto other = state->at(count + i); other > 0)
            in_force[i] = withdrawals[i].under({other, base::Seconds(state->at(2 * count + i))});
    return decision_of(in_force, std::span(*state).first(count), present);
}

std::string ChargeLists::placeholders(int first) {
    std::string text;
    for (int i = 0; i < parameter_count; ++i)
        text += (i == 0 ? "$" : ", $") + std::to_string(first + i);
    return text;
}

void ChargeLists::add_to(Parameters& parameters) const {
    parameters.add(buckets);
    parameters.add(overrides);
    parameters.add(effects);
    parameters.add(intervals);
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

base::Task<ca::ChargeDecision> PostgresRepository::look(ca::Charges charges, base::Time now) {
    const ChargeLists lists(asking(std::move(charges)), now);
    if (lists.buckets.empty()) co_return ca::ChargeDecision();
    Parameters parameters;
    lists.add_to(parameters);
    const auto answer = co_await pool_.call(look_at_all, std::move(parameters));
    auto row = answer.row(0);
    co_return lists.decision(row.integers());
}

base::Task<bool> PostgresRepository::reset_bucket(std::string bucket) {
    const auto answer = co_await run(reset, bucket);
    // A first attempt whose answer was lost may have filled it.
    co_return answer.affected() == 1 || answer.follows_lost_answer();
}

base::Task<void> PostgresRepository::set_limit_override(ca::LimitOverride wanted) {
    co_await run(set_override, wanted.key, wanted.rate.count,
                 std::int64_t{wanted.rate.period.count()});
}

base::Task<bool> PostgresRepository::remove_limit_override(std::string key) {
    const auto answer = co_await run(remove_override, key);
    // A first attempt whose answer was lost may have removed it.
    co_return answer.affected() == 1 || answer.follows_lost_answer();
}

base::Task<std::vector<ca::LimitOverride>> PostgresRepository::list_limit_overrides(
    std::string after, std::size_t limit) {
    const auto answer = co_await run(list_overrides, after, static_cast<std::int64_t>(limit));
    co_return answer.each([](PostgresRow& row) {
        ca::LimitOverride found{.key = std::string(row.text()), .rate = {}};
        found.rate.count = row.integer();
        found.rate.period = base::Seconds(row.integer());
        return found;
    });
}

}  // namespace cairn::store
