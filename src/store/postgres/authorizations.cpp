#include <map>
#include <stdexcept>

#include "store/postgres/charge_lists.h"
#include "store/postgres/repository.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::Authorization;
using ca::AuthorizationId;
using enum Statement::Effect;
using enum Statement::Transaction;

const Statement find_one{"find_authorization",
                         "SELECT " + authorization_columns + " FROM authorizations a WHERE id = $1",
                         repeatable, shared};
const Statement find_some{
    "find_authorizations",
    "SELECT " + authorization_columns + " FROM authorizations a WHERE id = ANY ($1)", repeatable,
    shared};
const Statement find_valid{
    "find_valid_authorizations",
    "SELECT w.place, " + authorization_columns +
        " FROM unnest($2) WITH ORDINALITY AS w (identifier, place) CROSS JOIN LATERAL ("
        "SELECT * FROM authorizations v WHERE v.account = $1 AND v.identifier = w.identifier"
        " AND finished IS NOT NULL AND problem IS NULL AND deactivated IS NULL"
        " AND v.finished <= $3 AND v.expires > $3 ORDER BY v.expires DESC LIMIT 1) AS a",
    repeatable, shared};
const Statement put_authorization{
    "create_authorization",
    "WITH reused AS MATERIALIZED (SELECT * FROM (SELECT * FROM authorizations v"
    " WHERE v.account = $2 AND v.identifier = $3 AND v.finished IS NOT NULL AND v.problem IS NULL"
    " AND v.deactivated IS NULL AND v.expires > $11 AND v.finished <= $12"
    " AND ($9 = 0 OR v.subdomains IS NOT NULL) ORDER BY v.expires DESC LIMIT 10) AS latest"
    " WHERE latest.finished > $10 ORDER BY latest.expires DESC LIMIT 1),"
    " pending AS MATERIALIZED (SELECT count(*) >= $13 AS is_full FROM"
    " (SELECT FROM authorizations v WHERE v.account = $2 AND v.expires > $4"
    " AND preauthorized IS NOT NULL AND finished IS NULL AND deactivated IS NULL LIMIT $13) AS p),"
    " spent AS MATERIALIZED (SELECT accepted, state FROM settle("
    "(SELECT NOT is_full FROM pending) AND NOT EXISTS (SELECT FROM reused), " +
        ChargeLists::placeholders(14) +
        ")),"
        " added AS (INSERT INTO authorizations (id, account, identifier, created, expires, token,"
        " offered, profile, subdomains, preauthorized)"
        " SELECT $1, $2, $3, $4, $5, $6, $7, $8, nullif($9, 0), 1 FROM spent WHERE accepted)"
        " SELECT EXISTS (SELECT FROM reused), (SELECT is_full FROM pending), state, " +
        authorization_columns + " FROM spent LEFT JOIN reused a ON true",
    repeatable};
const Statement begin_attempt{
    "begin_validation",
    "UPDATE authorizations SET method = $2, started = $3, node = $4, request = $5"
    " WHERE id = $1 AND started IS NULL AND deactivated IS NULL AND expires > $3",
    repeatable};
const Statement note{
    "note_failed_try",
    "UPDATE authorizations SET method = $2, started = coalesce(started, $3), problem = $4,"
    " node = coalesce(node, $6), request = coalesce(request, $7)"
    " WHERE id = $1 AND finished IS NULL AND deactivated IS NULL"
    " AND ((started IS NULL AND expires > $5) OR method = $2)",
    repeatable};
const std::string finishing =
    "UPDATE authorizations SET method = $2, started = coalesce(started, $3), finished = $4,"
    " problem = $5, expires = coalesce($6, expires), request = coalesce(request, $7)";
const std::string may_finish =
    " WHERE id = $1 AND finished IS NULL AND deactivated IS NULL"
    " AND ((started IS NULL AND expires > $4) OR method = $2)";
const Statement finish{"finish_validation", finishing + may_finish, repeatable};
// The authorization is locked before the buckets are asked, so that they are only where it can end.
const Statement finish_charged{"finish_validation_charged",
                               "WITH target AS MATERIALIZED (SELECT id FROM authorizations" +
                                   may_finish +
                                   " FOR UPDATE),"
                                   " spent AS MATERIALIZED (SELECT accepted, state FROM"
                                   " settle((SELECT count(*) = 1 FROM target), " +
                                   ChargeLists::placeholders(8) +
                                   ")),"
                                   " finished AS (" +
                                   finishing + may_finish +
                                   " AND (SELECT accepted FROM spent) RETURNING id)"
                                   " SELECT EXISTS (SELECT FROM finished), state FROM spent",
                               repeatable};
const Statement deactivate{"deactivate_authorization",
                           "UPDATE authorizations SET deactivated = $2"
                           " WHERE id = $1 AND deactivated IS NULL AND expires > $2"
                           " AND (started IS NULL OR (finished IS NOT NULL AND problem IS NULL))",
                           repeatable};
const Statement claim_attempts{
    "claim_unfinished_validations",
    // Ranked first and locked then: a row cannot be locked where it is ranked.
    "WITH ranked AS (SELECT id, account, identifier, started, node IS NOT DISTINCT FROM $1 AS "
    "is_own,"
    " row_number() OVER (PARTITION BY account ORDER BY started, id) AS turn FROM authorizations a"
    " WHERE started IS NOT NULL AND finished IS NULL AND (node = $1 OR " +
        no_living_node +
        ")),"
        " chosen AS (SELECT * FROM ranked ORDER BY turn, started, id LIMIT $2),"
        " orphans AS (SELECT id FROM authorizations a WHERE id = ANY (ARRAY(SELECT id FROM chosen"
        " WHERE NOT is_own)) AND started IS NOT NULL AND finished IS NULL AND " +
        no_living_node +
        " FOR UPDATE SKIP LOCKED),"
        " taken AS (UPDATE authorizations SET node = $1"
        " WHERE id = ANY (ARRAY(SELECT id FROM orphans)))"
        " SELECT id, account, identifier FROM chosen WHERE is_own OR id IN (SELECT id FROM orphans)"
        " ORDER BY turn, started, id",
    repeatable};

}  // namespace

std::vector<std::optional<Authorization>> placed_authorizations(const Answer& answer,
                                                                std::size_t places) {
    std::vector<std::optional<Authorization>> placed(places);
    for (int i = 0; i < answer.rows(); ++i) {
        auto row = answer.row(i);
        const auto place = static_cast<std::size_t>(row.integer());
        placed.at(place - 1) = read_authorization(row);
    }
    return placed;
}

base::Task<std::optional<Authorization>> PostgresRepository::find_authorization(
    AuthorizationId id) {
    const auto answer = co_await run(find_one, id);
    co_return answer.first(read_authorization<PostgresRow>);
}

base::Task<std::vector<Authorization>> PostgresRepository::find_authorizations(
    std::vector<AuthorizationId> ids) {
    std::vector<Authorization> found;
    if (ids.empty()) co_return found;
    std::vector<base::BytesView> octets;
    for (const auto& id : ids) octets.push_back(id.octets());
    const auto answer = co_await run(find_some, octets);
    std::map<AuthorizationId, Authorization> by_id;
    for (auto& authorization : answer.each(read_authorization<PostgresRow>))
        by_id.emplace(authorization.id, std::move(authorization));
    for (const auto& id : ids) {
        const auto entry = by_id.find(id);
        if (entry == by_id.end())
            throw std::runtime_error("the store has no authorization " + id.to_string());
        found.push_back(entry->second);
    }
    co_return found;
}

base::Task<std::vector<std::optional<Authorization>>> PostgresRepository::find_valid_authorizations(
    ca::AccountId account, std::vector<protocol::Identifier> identifiers, base::Time now) {
    if (identifiers.empty()) co_return std::vector<std::optional<Authorization>>();
    std::vector<std::string> wanted;
    for (const auto& identifier : identifiers) wanted.push_back(to_stored(identifier));
    const auto answer = co_await run(find_valid, account, wanted, now);
    co_return placed_authorizations(answer, identifiers.size());
}

base::Task<ca::OrderStore::Preauthorization> PostgresRepository::create_authorization(
    Authorization fresh, Reuse reuse, std::size_t most_pending, ca::Charges charges) {
    const ChargeLists lists(charges, fresh.created);
    auto parameters = Parameters::of(
        fresh.id, fresh.account, to_stored(fresh.identifier), fresh.created, fresh.expires,
        std::string(fresh.token.text()), to_stored(fresh.offered), fresh.profile,
        std::int64_t{fresh.for_subdomains ? 1 : 0}, reuse.finished_after, reuse.lapsing_after,
        reuse.finished_by, static_cast<std::int64_t>(most_pending));
    lists.add_to(parameters);
    Preauthorization result;
    bool follows_lost_answer = true;
    try {
        const auto answer = co_await pool_.call(put_authorization, std::move(parameters));
        follows_lost_answer = answer.follows_lost_answer();
        auto row = answer.row(0);
        const bool is_reused = row.boolean();
        result.is_full = row.boolean() && !is_reused;
        const auto state = row.optional_integers();
        if (is_reused)
            result.reused = read_authorization(row);
        else if (!result.is_full && !charges.empty())
            result.decision = lists.decision(state);
    } catch (const StatementRefused& refusal) {
        if (!refusal.is_unique_violation() || !refusal.follows_lost_answer) throw;
    }
    // What has the fresh id is what an earlier sending of this wrote.
    if (!follows_lost_answer) co_return result;
    const auto written = co_await find_authorization(fresh.id);
    if (written) result = {};
    co_return result;
}

base::Task<bool> PostgresRepository::begin_validation(AuthorizationId id,
                                                      ca::ValidationAttempt attempt) {
    const auto answer = co_await run(begin_attempt, id, to_stored(std::span(&attempt.method, 1)),
                                     attempt.started, node_.id(), attempt.request);
    if (answer.affected() == 1 || !answer.follows_lost_answer()) co_return answer.affected() == 1;
    const auto found = co_await find_authorization(id);
    co_return found && found->attempt && found->attempt->is_same(attempt);
}

base::Task<bool> PostgresRepository::note_failed_try(AuthorizationId id,
                                                     ca::ValidationAttempt attempt,
                                                     base::Time now) {
    const auto answer =
        co_await run(note, id, to_stored(std::span(&attempt.method, 1)), attempt.started,
                     attempt.problem->to_json(), now, node_.id(), attempt.request);
    co_return answer.affected() == 1;
}

base::Task<ca::OrderStore::ValidationEnd> PostgresRepository::finish_validation(
    AuthorizationId id, ca::ValidationAttempt attempt, base::Time expires, ca::Charges charges) {
    const ChargeLists lists(charges, attempt.finished.value());
    const auto& problem = attempt.problem;
    const auto document = problem ? std::optional(problem->to_json()) : std::nullopt;
    const auto new_expiry = problem ? std::nullopt : std::optional(expires);
    auto parameters = Parameters::of(id, to_stored(std::span(&attempt.method, 1)), attempt.started,
                                     attempt.finished, document, new_expiry, attempt.request);
    if (!charges.empty()) lists.add_to(parameters);
    const auto answer =
        co_await pool_.call(charges.empty() ? finish : finish_charged, std::move(parameters));
    ValidationEnd end;
    if (charges.empty()) {
        end.is_recorded = answer.affected() == 1;
    } else {
        auto row = answer.row(0);
        end.is_recorded = row.boolean();
        end.decision = lists.decision(row.optional_integers());
    }
    if (!end.is_recorded && answer.follows_lost_answer()) {
        const auto found = co_await find_authorization(id);
        end.is_recorded = found && found->attempt && found->attempt->finished == attempt.finished &&
                          found->attempt->is_same(attempt);
    }
    if (end.is_recorded) node_.announce(id.to_string());
    co_return end;
}

base::Task<bool> PostgresRepository::deactivate_authorization(AuthorizationId id, base::Time now) {
    const auto answer = co_await run(deactivate, id, now);
    if (answer.affected() == 1 || !answer.follows_lost_answer()) co_return answer.affected() == 1;
    const auto found = co_await find_authorization(id);
    co_return found && found->deactivated == now;
}

base::Task<std::vector<ca::OrderStore::UnfinishedValidation>>
PostgresRepository::claim_unfinished_validations(std::size_t limit) {
    const auto answer =
        co_await run(claim_attempts, node_.id(), static_cast<std::int64_t>(limit), node_.lease());
    co_return answer.each(read_unfinished_validation<PostgresRow>);
}

}  // namespace cairn::store
