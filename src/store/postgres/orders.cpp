#include <algorithm>
#include <map>
#include <stdexcept>
#include <string_view>

#include "store/key_obstacle.h"
#include "store/postgres/charge_lists.h"
#include "store/postgres/repository.h"
#include "store/stored_renewals.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::Order;
using ca::OrderId;
using enum Statement::Effect;
using enum Statement::Transaction;

// As many as there are columns in a list.
std::string nulls_for(std::string_view list) {
    std::string nulls = "NULL";
    for (auto i = std::ranges::count(list, ','); i > 0; --i) nulls += ", NULL";
    return nulls;
}

// The part of the statements below that differs by whether authorizations of names above the
// order's are looked at, which few CAs do.
struct CandidateParts {
    std::string candidates;  ///< what is fresh
    std::string reused;      ///< what may take its place, by that
    std::string columns;     ///< more columns of what is added
    std::string values;
};

const std::string is_reusable =
    " AND v.finished IS NOT NULL AND v.problem IS NULL"
    " AND v.deactivated IS NULL AND v.expires > $18 AND v.finished <= $19";
const std::string latest_first =
    " ORDER BY v.expires DESC LIMIT 10) AS latest WHERE latest.finished > $17"
    " ORDER BY latest.expires DESC LIMIT 1) AS a";

const CandidateParts of_same_name{
    .candidates =
        "SELECT * FROM unnest($10, $11, $12, $13, $14, $15, $16, $20) WITH ORDINALITY AS c"
        " (id, account, identifier, created, expires, token, offered, vouched_by, place)",
    .reused = "SELECT c.place, " + authorization_columns +
              " FROM candidates c CROSS JOIN LATERAL (SELECT * FROM ("
              "SELECT * FROM authorizations v WHERE v.account = c.account"
              " AND v.identifier = c.identifier" +
              is_reusable + latest_first,
    .columns = {},
    .values = {}};

// With four parameters more, from number `first` on: which of the fresh ones are for subdomains;
// and as lists, places, names that may stand there, and whether for subdomains alone.
CandidateParts of_names_above(int first) {
    const auto parameter = [&](int place) { return "$" + std::to_string(first + place); };
    return {.candidates = "SELECT * FROM unnest($10, $11, $12, $13, $14, $15, $16, $20, " +
                          parameter(0) +
                          ") WITH ORDINALITY AS c"
                          " (id, account, identifier, created, expires, token, offered,"
                          " vouched_by, broad, place)",
            .reused = "SELECT DISTINCT ON (w.place) w.place, " + authorization_columns +
                      " FROM unnest(" + parameter(1) + ", " + parameter(2) + ", " + parameter(3) +
                      ") AS w (place, identifier, broad) CROSS JOIN LATERAL (SELECT * FROM ("
                      "SELECT * FROM authorizations v WHERE v.account = $2"
                      " AND v.identifier = w.identifier"
                      " AND (w.broad = 0 OR v.subdomains IS NOT NULL)" +
                      is_reusable + latest_first + " ORDER BY w.place, a.expires DESC",
            .columns = ", subdomains",
            .values = ", nullif(broad, 0)"};
}

// What adds an order if nobody has what it claims and `condition` holds, which `second` makes.
std::string creation_after(const std::string& second, const std::string& condition,
                           const CandidateParts& parts) {
    return "WITH claimed AS MATERIALIZED (SELECT twin, replacement, is_issued"
           " FROM claim_order($1, $21, $22, $23, $24, $26, $27)), " +
           second + "candidates AS MATERIALIZED (" + parts.candidates +
           "), reused AS MATERIALIZED (" + parts.reused +
           "), added AS (INSERT INTO authorizations"
           " (id, account, identifier, created, expires, token, offered, profile, vouched_by" +
           parts.columns + ") SELECT " + (parts.columns.empty() ? "" : "DISTINCT ON (id) ") +
           "id, account, identifier, created, expires, token, offered, $7,"
           " nullif(vouched_by, '')" +
           parts.values +
           " FROM candidates c"
           " WHERE NOT EXISTS (SELECT FROM reused r WHERE r.place = c.place) AND " +
           condition + "), parted AS (UPDATE orders SET likeness = NULL WHERE id = $23 AND " +
           condition +
           "), replaced AS (INSERT INTO replacements (serial, order_id)"
           " SELECT $24, $1 WHERE $24 IS NOT NULL AND " +
           condition +
           " ON CONFLICT (serial) DO UPDATE SET order_id = $1"
           "), placed AS (INSERT INTO orders (id, account, created, expires, identifiers,"
           " authorizations, profile, not_before, not_after, replaced_serial, replaced_key_id,"
           " likeness) SELECT $1, $2, $3, $4, $5, CASE WHEN EXISTS (SELECT FROM reused)"
           " THEN (SELECT string_agg(coalesce(r.id, c.id), '' ORDER BY c.place)"
           " FROM candidates c LEFT JOIN reused r ON r.place = c.place)"
           " ELSE $6 END, $7, $8, $9, $24, $25, $21 WHERE " +
           condition + ") ";
}

const std::string nothing_in_the_way = "(SELECT twin IS NULL AND replacement IS NULL FROM claimed)";
constexpr int first_charge = 28;
const std::string spending = "spent AS MATERIALIZED (SELECT accepted, state FROM settle(" +
                             nothing_in_the_way + ", " + ChargeLists::placeholders(first_charge) +
                             ")), ";
const std::string if_spent = "(SELECT accepted FROM spent)";
// The first row has no place, but who has what the order claims, and the state of the buckets.
const std::string and_reused = " UNION ALL SELECT NULL, NULL, NULL, NULL, r.* FROM reused r";
const std::string claims_and_reused =
    "SELECT NULL::bigint[], twin, replacement, is_issued, NULL::bigint, " +
    nulls_for(authorization_columns) + " FROM claimed" + and_reused;
const std::string state_and_reused = "SELECT state, twin, replacement, is_issued, NULL::bigint, " +
                                     nulls_for(authorization_columns) +
                                     " FROM claimed CROSS JOIN spent" + and_reused;

const Statement create{"create_order",
                       creation_after("", nothing_in_the_way, of_same_name) + claims_and_reused,
                       repeatable};
const Statement create_charged{"create_order_charged",
                               creation_after(spending, if_spent, of_same_name) + state_and_reused,
                               repeatable};
const Statement create_below{
    "create_order_below",
    creation_after("", nothing_in_the_way, of_names_above(28)) + claims_and_reused, repeatable};
const Statement create_below_charged{
    "create_order_below_charged",
    creation_after(spending, if_spent,
                   of_names_above(first_charge + ChargeLists::parameter_count)) +
        state_and_reused,
    repeatable};

// What read_order reads, of orders called `o`.
const std::string columns =
    "o.id, o.account, o.created, o.expires, o.identifiers, o.authorizations, o.profile,"
    " o.not_before, o.not_after, o.replaced_serial, o.replaced_key_id, o.completed, o.problem, "
    "o.begun, o.csr, o.serial,"
    " o.certificate_not_before, o.certificate_not_after, o.request, o.pinned_issuer,"
    " o.pinned_octets";

constexpr int column_count = 21;

const Statement find{"find_order", "SELECT " + columns + " FROM orders o WHERE id = $1", repeatable,
                     shared};
// One row is the order's and has no place.
const Statement find_with_proofs{
    "find_order_and_proofs",
    "WITH found AS MATERIALIZED (SELECT * FROM orders WHERE id = $1)"
    " SELECT NULL, " +
        columns + ", " + nulls_for(authorization_columns) +
        " FROM found o UNION ALL SELECT named.place, " + nulls_for(columns) + ", " +
        authorization_columns +
        " FROM (SELECT place, substr(authorizations, (16 * place - 15)::integer, 16) AS id"
        " FROM found CROSS JOIN generate_series(1::bigint, length(authorizations) / 16) AS place"
        " WHERE begun IS NULL) AS named"
        " CROSS JOIN LATERAL (SELECT * FROM authorizations v WHERE v.id = named.id OFFSET 0) AS a",
    repeatable, shared};
// By a range, since with "account = $1" the order by id alone would be enough, and the primary key,
// walked backwards over everybody's orders, a way to it.
const Statement list{"orders_of",
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
const Statement begin{"begin_issuance",
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
    " profile) SELECT $1, $2, $3, $4, $5, $6, $7, $9, $10 FROM completed",
    repeatable};
const Statement fail{"fail_issuance",
                     "WITH failed AS (UPDATE orders SET problem = $2 WHERE id = $1"
                     " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL"
                     " RETURNING charged_buckets, charged_costs, begun)"
                     " SELECT give_back(charged_buckets, charged_costs, begun * 1000000000,"
                     " $3 * 1000000000) FROM failed",
                     repeatable};
const Statement claim{
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

OrderId read_id(PostgresRow& row) {
    return id_from<ca::OrderKind>(row.blob());
}

// The columns of some authorizations.
struct AuthorizationLists {
    explicit AuthorizationLists(std::span<const ca::Authorization> authorizations) {
        for (const auto& authorization : authorizations) {
            ids.push_back(authorization.id.octets());
            accounts.push_back(authorization.account.octets());
            identifiers.push_back(to_stored(authorization.identifier));
            created.push_back(authorization.created.time_since_epoch().count());
            expires.push_back(authorization.expires.time_since_epoch().count());
            tokens.emplace_back(authorization.token.text());
            offered.push_back(to_stored(authorization.offered));
            vouched_by.push_back(authorization.vouched_by);
        }
    }
    std::vector<base::BytesView> ids, accounts;
    std::vector<std::string> identifiers, tokens, offered, vouched_by;
    std::vector<std::int64_t> created, expires;
};

// What `of_names_above` takes.
struct StandingLists {
    StandingLists(const Order& order, std::span<const ca::Authorization> fresh,
                  const std::optional<ca::OrderStore::Reuse>& reuse) {
        for (const auto& authorization : fresh)
            broad_fresh.push_back(authorization.for_subdomains ? 1 : 0);
        for (std::size_t i = 0; reuse && i < order.identifiers.size(); ++i) {
            add(i, order.identifiers[i], 0);
            if (!reuse->above.empty())
                for (const auto& name : reuse->above.at(i)) add(i, name, 1);
        }
    }
    // Whether anything differs from an order that stands on its own names.
    static bool are_wanted(std::span<const ca::Authorization> fresh,
                           const std::optional<ca::OrderStore::Reuse>& reuse) {
        return (reuse && !reuse->above.empty()) ||
               std::ranges::any_of(fresh, &ca::Authorization::for_subdomains);
    }
    void add_to(Parameters& parameters) const {
        parameters.add(broad_fresh);
        parameters.add(places);
        parameters.add(names);
        parameters.add(broad);
    }
    std::vector<std::int64_t> broad_fresh, places, broad;
    std::vector<std::string> names;

  private:
    void add(std::size_t place, const protocol::Identifier& name, std::int64_t is_broad) {
        places.push_back(static_cast<std::int64_t>(place) + 1);
        names.push_back(to_stored(name));
        broad.push_back(is_broad);
    }
};

// Parameters 21 to 27 of what adds an order.
void add_claims(Parameters& parameters, const Order& order, const ca::OrderStore::Claims& claims) {
    std::optional<base::BytesView> serial, key_id;
    std::optional<std::int64_t> likeness_lock, serial_lock;
    if (claims.likeness) likeness_lock = lock_of_key(*claims.likeness);
    if (order.replaces) {
        serial = order.replaces->serial.der_content();
        key_id = order.replaces->issuer_key_id;
        serial_lock = lock_of_key(crypto::sha256(*serial));
    }
    parameters.add(claims.likeness);
    parameters.add(likeness_lock);
    parameters.add(claims.former_twin);
    parameters.add(serial);
    parameters.add(key_id);
    parameters.add(serial_lock);
    parameters.add(claims.former_replacement);
}

// The rows of what adds an order.
ca::OrderStore::Placement placement_from(const Answer& answer, const ChargeLists& charges,
                                         std::size_t places) {
    ca::OrderStore::Placement placement;
    placement.reused.resize(places);
    for (int i = 0; i < answer.rows(); ++i) {
        auto row = answer.row(i);
        const auto state = row.optional_integers();
        const auto twin = row.optional_blob();
        const auto replacement = row.optional_blob();
        const auto is_issued = row.optional_boolean();
        if (const auto place = row.optional_integer()) {
            placement.reused.at(static_cast<std::size_t>(*place) - 1) = read_authorization(row);
            continue;
        }
        if (twin) placement.twin = id_from<ca::OrderKind>(*twin);
        if (replacement)
            placement.replacement = ca::Replacement{.order = id_from<ca::OrderKind>(*replacement),
                                                    .is_issued = is_issued.value_or(false)};
        const bool is_free = !twin && !replacement;
        if (is_free && state) placement.decision = charges.decision(state);
    }
    return placement;
}

bool is_placed(const ca::OrderStore::Placement& placement) {
    return placement.decision.accepted && !placement.twin && !placement.replacement;
}

}  // namespace

base::Task<ca::OrderStore::Placement> PostgresRepository::create_order(
    Order order, std::vector<ca::Authorization> fresh, std::optional<Reuse> reuse,
    ca::Charges charges, Claims claims) {
    const AuthorizationLists lists(fresh);
    const ChargeLists charge_lists(charges, order.created);
    const auto finished_after = reuse ? std::optional(reuse->finished_after) : std::nullopt;
    const auto finished_by = reuse ? std::optional(reuse->finished_by) : std::nullopt;
    const auto lapsing_after = reuse ? std::optional(reuse->lapsing_after) : std::nullopt;
    auto parameters = Parameters::of(
        order.id, order.account, order.created, order.expires, to_stored(order.identifiers),
        to_stored(order.authorizations), order.profile, order.not_before, order.not_after,
        lists.ids, lists.accounts, lists.identifiers, lists.created, lists.expires, lists.tokens,
        lists.offered, finished_after, lapsing_after, finished_by, lists.vouched_by);
    add_claims(parameters, order, claims);
    if (!charges.empty()) charge_lists.add_to(parameters);
    const bool looks_above = StandingLists::are_wanted(fresh, reuse);
    if (looks_above) StandingLists(order, fresh, reuse).add_to(parameters);
    const auto& uncharged = looks_above ? create_below : create;
    const auto& charged = looks_above ? create_below_charged : create_charged;
    Placement placement;
    try {
        const auto answer =
            co_await pool_.call(charges.empty() ? uncharged : charged, std::move(parameters));
        placement = placement_from(answer, charge_lists, fresh.size());
        // Others may have refused what an earlier sending took.
        if (is_placed(placement) || !answer.follows_lost_answer()) co_return placement;
    } catch (const StatementRefused& refusal) {
        if (!refusal.is_unique_violation() || !refusal.follows_lost_answer) throw;
    }
    const bool must_be_there = is_placed(placement);
    auto stored = co_await find_order(order.id);
    if (stored) co_return co_await stored_placement(*std::move(stored), std::move(fresh));
    if (must_be_there) throw ca::OutcomeUnknown("create_order: it was stored, and is gone");
    co_return placement;
}

// The ids are fresh, so what has them is what an earlier sending of this order wrote.
base::Task<ca::OrderStore::Placement> PostgresRepository::stored_placement(
    Order stored, std::vector<ca::Authorization> fresh) {
    Placement placement{.reused = std::vector<std::optional<ca::Authorization>>(fresh.size())};
    // Without reuse there may be fewer fresh ones.
    if (stored.authorizations.size() != fresh.size()) co_return placement;
    for (std::size_t i = 0; i < fresh.size(); ++i)
        if (stored.authorizations[i] != fresh[i].id)
            placement.reused[i] = co_await find_authorization(stored.authorizations[i]);
    co_return placement;
}

base::Task<std::optional<Order>> PostgresRepository::find_order(OrderId id) {
    const auto answer = co_await run(find, id);
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
    auto task = before ? run(list_before, account, count, *before) : run(list, account, count);
    const auto answer = co_await std::move(task);
    co_return answer.each(read_id);
}

base::Task<ca::OrderStore::IssuanceBeginning> PostgresRepository::begin_issuance(
    OrderId id, ca::IssuanceIntent intent, RequestedKey key, ca::Charges charges) {
    const ChargeLists lists(charges, intent.begun);
    auto parameters =
        Parameters::of(id, intent.begun, intent.csr, intent.serial.der_content(),
                       intent.validity.not_before, intent.validity.not_after, node_.id(), key.id,
                       key.thumbprint, intent.request, lock_of_key(key.id));
    if (!charges.empty()) lists.add_to(parameters);
    const auto answer =
        co_await pool_.call(charges.empty() ? begin : begin_charged, std::move(parameters));
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
                                     certificate.profile);
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
    const auto answer = co_await run(fail, id, problem.to_json(), now.value_or(end_of_time));
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
        co_await run(claim, node_.id(), static_cast<std::int64_t>(limit), node_.lease());
    co_return answer.each(read_unfinished_issuance<PostgresRow>);
}

}  // namespace cairn::store
