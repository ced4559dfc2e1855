#include <map>
#include <stdexcept>
#include <string_view>

#include "store/key_obstacle.h"
#include "store/postgres/charge_lists.h"
#include "store/postgres/null_columns.h"
#include "store/postgres/repository.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::Order;
using ca::OrderId;
using enum Statement::Effect;
using enum Statement::Transaction;

// What read_order reads, of orders called `o`.
const std::string whole_order_columns =
    "o.id, o.account, o.created, o.expires, o.identifiers, o.authorizations, o.profile,"
    " o.not_before, o.not_after, o.replaced_serial, o.replaced_key_id, o.completed, o.problem, "
    "o.begun, o.csr, o.serial,"
    " o.certificate_not_before, o.certificate_not_after, o.request, o.pinned_issuer,"
    " o.pinned_octets";

constexpr int column_count = 21;

const Statement order_by_id{"find_order",
                            "SELECT " + whole_order_columns + " FROM orders o WHERE id = $1",
                            repeatable, shared};
// One row is the order's and has no place.
const Statement find_with_proofs{
    "find_order_and_proofs",
    "WITH found AS MATERIALIZED (SELECT * FROM orders WHERE id = $1)"
    " SELECT NULL, " +
        whole_order_columns + ", " + nulls_for(authorization_columns) +
        " FROM found o UNION ALL SELECT named.place, " + nulls_for(whole_order_columns) + ", " +
        authorization_columns +
        " FROM (SELECT place, substr(authorizations, (16 * place - 15)::integer, 16) AS id"
        " FROM found CROSS JOIN generate_series(1::bigint, length(authorizations) / 16) AS place"
        " WHERE begun IS NULL) AS named"
        " CROSS JOIN LATERAL (SELECT * FROM authorizations v WHERE v.id = named.id OFFSET 0) AS a",
    repeatable, shared};
// By a range, since with "account = $1" the order by id alone would be enough, and the primary key,
// walked backwards over everybody's orders, a way to it.
const Statement list_newest{"orders_of",
                            "SELECT id FROM orders WHERE account >= $1 AND account <= $1"
                            " ORDER BY account DESC, id DESC LIMIT $2",
                            repeatable, shared};
const Statement list_before{"orders_of_before",
                            "SELECT id FROM orders WHERE account >= $1 AND (account, id) < ($1, $3)"
                            " ORDER BY account DESC, id DESC LIMIT $2",
                            repeatable, shared};
// The lock of the key comes first. That of the rows waits for a deactivation that is not committed
// yet, and then sees it; one that comes later waits for the intent. Locked are authorizations in
// the order of their ids, then the order: whatever else locks both keeps to that.
const std::string look_at_ground =
    "WITH requested AS MATERIALIZED"
    " (SELECT obstacle_to_key($11, $8, $9, false) AS obstacle),"
    " proofs AS MATERIALIZED (SELECT a.deactivated, a.vouched_by FROM"
    " (SELECT substr(o.authorizations, place, 16) AS id FROM orders o"
    " CROSS JOIN generate_series(1, length(o.authorizations), 16) AS place"
    " WHERE o.id = $1 AND (SELECT obstacle = 0 FROM requested) ORDER BY 1) AS named"
    " CROSS JOIN LATERAL (SELECT deactivated, vouched_by FROM authorizations v"
    " WHERE v.id = named.id FOR SHARE) AS a),";
const std::string beginning =
    " begun AS (UPDATE orders SET begun = $2, csr = $3, serial = $4,"
    " certificate_not_before = $5, certificate_not_after = $6, node = $7,"
    " request = $10, key = $8";
const std::string may_begin =
    " WHERE (SELECT obstacle = 0 FROM requested)"
    " AND id = $1 AND begun IS NULL AND problem IS NULL AND expires > $2"
    " AND NOT EXISTS (SELECT FROM proofs WHERE deactivated IS NOT NULL)"
    " AND NOT EXISTS (SELECT FROM proofs p JOIN external_keys k ON k.kid = p.vouched_by"
    " WHERE k.revoked IS NOT NULL)"
    " AND (SELECT a.deactivated FROM accounts a WHERE a.id = account) IS NULL";
const Statement begin_uncharged{"begin_issuance",
                                look_at_ground + beginning + may_begin +
                                    " RETURNING id)"
                                    " SELECT obstacle, EXISTS (SELECT FROM begun) FROM requested",
                                repeatable};
// The order is locked before the buckets are asked, so that they are only where it can begin.
const Statement begin_charged{
    "begin_issuance_charged",
    look_at_ground + " target AS MATERIALIZED (SELECT id FROM orders" + may_begin +
        " FOR UPDATE),"
        " spent AS MATERIALIZED (SELECT accepted, state, taken FROM"
        " settle((SELECT count(*) = 1 FROM target), " +
        ChargeLists::placeholders(12) + "))," + beginning +
        ", charged_buckets = $12, charged_costs = (SELECT taken FROM spent)" + may_begin +
        " AND (SELECT accepted FROM spent) RETURNING id)"
        " SELECT obstacle, EXISTS (SELECT FROM begun), accepted OR state IS NULL"
        " FROM requested CROSS JOIN spent",
    repeatable};
const Statement pin_begun{"pin_issuance",
                          "UPDATE orders SET pinned_octets = CASE WHEN pinned_issuer IS NULL THEN "
                          "$3 ELSE pinned_octets END,"
                          " pinned_issuer = coalesce(pinned_issuer, $2) WHERE id = $1"
                          " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL"
                          " RETURNING pinned_issuer, pinned_octets",
                          repeatable};
const Statement complete{
    "complete_issuance",
    "WITH completed AS (UPDATE orders SET completed = $9 WHERE id = $8 AND serial = $1"
    " AND coalesce(pinned_issuer = $3, true)"
    " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL"
    " RETURNING id, replaced_serial),"
    " replaced AS (UPDATE replacements r SET completed = $9 FROM completed c"
    " WHERE r.serial = c.replaced_serial AND r.order_id = c.id)"
    " INSERT INTO certificates (serial, der, issuer, key, not_after, account, order_id, issued,"
    " profile, crl) SELECT $1, $2, $3, $4, $5, $6, $7, $9, $10, $11 FROM completed",
    repeatable};
const Statement fail_order{"fail_issuance",
                           "WITH failed AS (UPDATE orders SET problem = $2 WHERE id = $1"
                           " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL"
                           " RETURNING charged_buckets, charged_costs, begun)"
                           " SELECT give_back(charged_buckets, charged_costs, begun * 1000000000,"
                           " $3 * 1000000000) FROM failed",
                           repeatable};
const Statement claim_orders{
    "claim_unfinished_issuances",
    // Ranked first and locked then: a row cannot be locked where it is ranked.
    "WITH ranked AS (SELECT id, account, begun, node IS NOT DISTINCT FROM $1 AS is_own,"
    " row_number() OVER (PARTITION BY account ORDER BY begun, id) AS turn FROM orders a"
    " WHERE begun IS NOT NULL AND completed IS NULL AND problem IS NULL AND (node = $1 OR " +
        no_living_node +
        ")),"
        " chosen AS (SELECT * FROM ranked ORDER BY turn, begun, id LIMIT $2),"
        " orphans AS (SELECT id FROM orders a WHERE id = ANY (ARRAY(SELECT id FROM chosen"
        " WHERE NOT is_own)) AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL AND " +
        no_living_node +
        " FOR UPDATE SKIP LOCKED),"
        " taken AS (UPDATE orders SET node = $1"
        " WHERE id = ANY (ARRAY(SELECT id FROM orphans)))"
        " SELECT id, account FROM chosen WHERE is_own OR id IN (SELECT id FROM orphans)"
        " ORDER BY turn, begun, id",
    repeatable};

constexpr base::Time end_of_time{std::chrono::days(365 * 200)};

OrderId read_order_id(PostgresRow& row) {
    return id_from<ca::OrderKind>(row.blob());
}

}  // namespace

base::Task<std::optional<Order>> PostgresRepository::find_order(OrderId id) {
    const auto answer = co_await run(order_by_id, id);
    co_return answer.first(read_order<PostgresRow>);
}

base::Task<std::optional<ca::OrderStore::OrderAndProofs>> PostgresRepository::find_order_and_proofs(
    OrderId id) {
    const auto answer = co_await run(find_with_proofs, id);
    std::optional<Order> order;
    std::map<std::int64_t, ca::Authorization> proofs;  // by their place
    for (int i = 0; i < answer.rows(); ++i) {
        auto row = answer.row(i);
        const auto place = row.optional_integer();
        if (!place) {
            order = read_order(row);
            continue;
        }
        row.skip(column_count);
        proofs.emplace(*place, read_authorization(row));
    }
    if (!order) co_return std::nullopt;
    if (!order->intent && proofs.size() != order->authorizations.size())
        throw std::runtime_error("the store has not all authorizations of order " + id.to_string());
    OrderAndProofs found{*std::move(order), {}};
    for (auto& [place, proof] : proofs) found.proofs.push_back(std::move(proof));
    co_return found;
}

base::Task<std::vector<OrderId>> PostgresRepository::orders_of(ca::AccountId account,
                                                               std::optional<OrderId> before,
                                                               std::size_t limit) {
    const auto count = static_cast<std::int64_t>(limit);
    auto task =
        before ? run(list_before, account, count, *before) : run(list_newest, account, count);
    const auto answer = co_await std::move(task);
    co_return answer.each(read_order_id);
}

base::Task<ca::OrderStore::IssuanceBeginning> PostgresRepository::begin_issuance(
    OrderId id, ca::IssuanceIntent intent, RequestedKey key, ca::Charges charges) {
    const ChargeLists lists(charges, intent.begun);
    auto parameters =
        Parameters::of(id, intent.begun, intent.csr, intent.serial.der_content(),
                       intent.validity.not_before, intent.validity.not_after, node_.id(), key.id,
                       key.thumbprint, intent.request, lock_of_key(key.id));
    if (!charges.empty()) lists.add_to(parameters);
    const auto answer = co_await pool_.call(charges.empty() ? begin_uncharged : begin_charged,
                                            std::move(parameters));
    if (answer.follows_lost_answer()) {
        const auto order = co_await find_order(id);
        if (order && order->intent && order->intent->serial == intent.serial)
            co_return IssuanceBeginning::begun;
    }
    auto row = answer.row(0);
    const auto obstacle = obstacle_from(row.integer());
    if (obstacle == KeyObstacle::blocked) co_return IssuanceBeginning::key_is_blocked;
    if (obstacle == KeyObstacle::account) co_return IssuanceBeginning::key_is_an_accounts;
    if (row.boolean()) co_return IssuanceBeginning::begun;
    const bool is_over_limit = !charges.empty() && !row.boolean();
    co_return is_over_limit ? IssuanceBeginning::over_limit : IssuanceBeginning::refused;
}

base::Task<std::optional<ca::IssuancePin>> PostgresRepository::pin_issuance(OrderId id,
                                                                            ca::IssuancePin pin) {
    const auto answer = co_await run(pin_begun, id, pin.issuer, pin.to_be_signed);
    co_return answer.first(read_pin<PostgresRow>);
}

base::Task<bool> PostgresRepository::complete_issuance(OrderId id,
                                                       ca::IssuedCertificate certificate) {
    const auto answer = co_await run(complete, certificate.serial.der_content(), certificate.der,
                                     certificate.issuer, certificate.key, certificate.not_after,
                                     certificate.account, certificate.order, id, certificate.issued,
                                     certificate.profile, certificate.shard);
    bool is_completed = answer.affected() == 1;
    if (!is_completed && answer.follows_lost_answer()) {
        const auto found = co_await find_certificate(certificate.serial);
        is_completed = found && found->order == id && found->is_same(certificate);
    }
    if (is_completed) node_.announce(id.to_string());
    co_return is_completed;
}

base::Task<bool> PostgresRepository::fail_issuance(OrderId id, protocol::Problem problem,
                                                   std::optional<base::Time> now) {
    // Long after it was taken, everything has come back by itself.
    const auto answer = co_await run(fail_order, id, problem.to_json(), now.value_or(end_of_time));
    bool has_failed = answer.rows() == 1;
    if (!has_failed && answer.follows_lost_answer()) {
        const auto order = co_await find_order(id);
        has_failed = order && order->problem && order->problem->to_json() == problem.to_json();
    }
    if (has_failed) node_.announce(id.to_string());
    co_return has_failed;
}

base::Task<std::vector<ca::OrderStore::UnfinishedIssuance>>
PostgresRepository::claim_unfinished_issuances(std::size_t limit) {
    const auto answer =
        co_await run(claim_orders, node_.id(), static_cast<std::int64_t>(limit), node_.lease());
    co_return answer.each(read_unfinished_issuance<PostgresRow>);
}

}  // namespace cairn::store
