#include <algorithm>

#include "store/postgres/repository.h"

namespace cairn::store {
namespace {

using enum Statement::Effect;

// By the database's clock. A lease that ends later than one that was made now could was made while
// that clock was ahead; the minute is for the clocks of a primary and of the standby that follows
// it. No row: somebody else made the first one meanwhile.
const Statement lease_work{
    "lease_work",
    "WITH taken AS (INSERT INTO work_leases AS w (work, node, until, duration)"
    " VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond', $3)"
    " ON CONFLICT (work) DO UPDATE SET node = excluded.node, until = excluded.until,"
    " duration = excluded.duration WHERE w.node = $2 OR w.until <= clock_timestamp()"
    " OR w.until > clock_timestamp() + w.duration * interval '1 millisecond' + interval '1 minute'"
    " RETURNING duration)"
    " SELECT true, duration FROM taken UNION ALL"
    " SELECT false, ceil(extract(epoch FROM until - clock_timestamp()) * 1000)::bigint"
    " FROM work_leases WHERE work = $1 AND NOT EXISTS (SELECT FROM taken)",
    repeatable};
const Statement release_work{"release_work",
                             "DELETE FROM work_leases WHERE work = $1 AND node = $2", repeatable};

}  // namespace

base::Task<ca::WorkLeases::Lease> PostgresRepository::try_lease(std::string work,
                                                                base::Milliseconds duration) {
    using enum Lease::Holder;
    auto parameters = Parameters::of(work, node_.id(), std::int64_t{duration.count()});
    const auto answer = co_await pool_.call_in_background(lease_work, std::move(parameters));
    if (answer.rows() == 0) co_return Lease{another, base::Milliseconds(0)};
    auto row = answer.row(0);
    const bool is_own = row.boolean();
    const base::Milliseconds left(std::max<std::int64_t>(0, row.integer()));
    co_return Lease{is_own ? this_node : another, left};
}

base::Task<void> PostgresRepository::release(std::string work) {
    auto parameters = Parameters::of(work, node_.id());
    co_await pool_.call_in_background(release_work, std::move(parameters));
}

}  // namespace cairn::store
