#include "store/postgres/repository.h"

namespace cairn::store {
namespace {

using enum Statement::Effect;

// Ids rise with time, so that the end of what may be old is seen without another index. What is
// looked at is told: its id, whether it is young, and whether it is gone.
const Statement remove_orders{
    "remove_orders",
    "WITH seen AS (SELECT id, created FROM orders WHERE id > $2 ORDER BY id LIMIT $3),"
    " gone AS (DELETE FROM orders WHERE id = ANY (ARRAY(SELECT id FROM seen)) AND expires < $1"
    " AND created < $1 AND (begun IS NULL OR completed IS NOT NULL OR problem IS NOT NULL)"
    " RETURNING id)"
    " SELECT id, created >= $1, id = ANY (ARRAY(SELECT id FROM gone)) FROM seen ORDER BY id",
    repeatable};
// An order takes over what is valid when it is created. The hour is for clocks that were set back.
// The account's first order is looked for as the next one behind a place in an index; to "ORDER BY
// id LIMIT 1" the primary key, walked over everybody's orders, would be a way too.
const Statement remove_authorizations{
    "remove_authorizations",
    "WITH seen AS (SELECT id, created FROM authorizations WHERE id > $2 ORDER BY id LIMIT $3),"
    " gone AS (DELETE FROM authorizations a WHERE a.id = ANY (ARRAY(SELECT id FROM seen))"
    " AND a.expires < $1 AND a.created < $1 AND (started IS NULL OR finished IS NOT NULL)"
    " AND coalesce((SELECT first.account <> a.account OR first.created > a.expires + 3600 FROM"
    " (SELECT o.account, o.created FROM orders o WHERE (o.account, o.id) > (a.account, ''::bytea)"
    " ORDER BY o.account, o.id LIMIT 1) AS first), true) RETURNING a.id)"
    " SELECT id, created >= $1, id = ANY (ARRAY(SELECT id FROM gone)) FROM seen ORDER BY id",
    repeatable};
const Statement remove_certificates{
    "remove_certificates",
    // Lists signed since have told of whatever was revoked and ended before then.
    "WITH told AS MATERIALIZED"
    " (SELECT min(this_update) AS until FROM crls WHERE next_update >= $3),"
    " gone AS (DELETE FROM certificates WHERE serial = ANY (ARRAY(SELECT c.serial"
    " FROM certificate_states c, told t WHERE c.not_after < $1"
    " AND (c.revoked IS NULL OR c.not_after < coalesce(t.until, c.not_after + 1))"
    " ORDER BY c.not_after LIMIT $2)) RETURNING serial),"
    " unrevoked AS (DELETE FROM requested_revocations WHERE serial = ANY (ARRAY(SELECT serial FROM "
    "gone))),"
    " unreplaced AS (DELETE FROM replacements WHERE serial = ANY (ARRAY(SELECT serial FROM gone)))"
    " SELECT count(*) FROM gone",
    repeatable};

}  // namespace

// One step through a table; returns how many rows were removed. After the last step the next stage
// is due.
base::Task<std::size_t> PostgresRepository::remove_in_order(const Statement& statement,
                                                            base::Time cutoff,
                                                            std::size_t at_most) {
    const auto answer =
        co_await run(statement, cutoff, retention_position_, static_cast<std::int64_t>(at_most));
    bool is_at_end = static_cast<std::size_t>(answer.rows()) < at_most;
    std::size_t removed = 0;
    for (int i = 0; i < answer.rows(); ++i) {
        auto row = answer.row(i);
        retention_position_ = base::copy_of(row.blob());
        is_at_end = row.boolean() || is_at_end;
        if (row.boolean()) ++removed;
    }
    if (is_at_end) {
        retention_position_.clear();
        retention_stage_ = retention_stage_ == RetentionStage::orders
                               ? RetentionStage::authorizations
                               : RetentionStage::certificates;
    }
    co_return removed;
}

base::Task<ca::Removal> PostgresRepository::remove_expired(ca::RetentionCutoffs cutoffs,
                                                           std::size_t at_most) {
    ca::Removal removal;
    switch (retention_stage_) {
        case RetentionStage::orders:
            removal.removed = co_await remove_in_order(remove_orders, cutoffs.orders, at_most);
            break;
        case RetentionStage::authorizations:
            removal.removed =
                co_await remove_in_order(remove_authorizations, cutoffs.authorizations, at_most);
            break;
        case RetentionStage::certificates:
            const auto answer =
                co_await run(remove_certificates, cutoffs.certificates,
                             static_cast<std::int64_t>(at_most), cutoffs.abandoned_crls);
            auto row = answer.row(0);
            removal.removed = static_cast<std::size_t>(row.integer());
            removal.is_round_over = removal.removed < at_most;
            if (removal.is_round_over) retention_stage_ = RetentionStage::orders;
    }
    co_return removal;
}

}  // namespace cairn::store
