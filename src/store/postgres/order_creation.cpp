#include <algorithm>
#include <string>

#include "store/key_obstacle.h"
#include "store/postgres/charge_lists.h"
#include "store/postgres/null_columns.h"
#include "store/postgres/repository.h"
#include "store/stored_renewals.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::Order;
using enum Statement::Effect;
using enum Statement::Transaction;

// The parts of the statements below that depend on whether authorizations of ancestor names count
// (RFC 9444), which few CAs allow.
struct CandidateParts {
    std::string candidates;  ///< selects the fresh authorizations
    std::string reused;      ///< selects, by place, the authorizations to reuse instead
    std::string columns;     ///< further columns of the rows that are inserted
    std::string values;      ///< and their values
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

// Inserts the order and its fresh authorizations if no other order holds its claims and `condition`
// is true; `second` defines the tables that `condition` reads.
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
// The first row has no place: it tells which orders hold the claims, and the state of the buckets.
const std::string and_reused = " UNION ALL SELECT NULL, NULL, NULL, NULL, r.* FROM reused r";
const std::string claims_and_reused =
    "SELECT NULL::bigint[], twin, replacement, is_issued, NULL::bigint, " +
    nulls_for(authorization_columns) + " FROM claimed" + and_reused;
const std::string state_and_reused = "SELECT state, twin, replacement, is_issued, NULL::bigint, " +
                                     nulls_for(authorization_columns) +
                                     " FROM claimed CROSS JOIN spent" + and_reused;

const Statement insert_order{
    "create_order", creation_after("", nothing_in_the_way, of_same_name) + claims_and_reused,
    repeatable};
const Statement insert_order_charged{
    "create_order_charged", creation_after(spending, if_spent, of_same_name) + state_and_reused,
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
    const auto& uncharged = looks_above ? create_below : insert_order;
    const auto& charged = looks_above ? create_below_charged : insert_order_charged;
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

}  // namespace cairn::store
