#include <stdexcept>

#include "store/sqlite/repository.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::Authorization;
using ca::AuthorizationId;

AuthorizationId read_id(Columns& row) {
    return id_from<ca::AuthorizationKind>(row.blob());
}

std::optional<Authorization> find_by_id(Connection& connection, const AuthorizationId& id) {
    return connection.find(
        "SELECT id, account, identifier, created, expires, token, offered, profile,"
        " subdomains, deactivated, started, method, finished, problem, request, vouched_by"
        " FROM authorizations WHERE id = ?",
        read_authorization<Columns>, id);
}

// Whether an attempt may end, by the condition of the statement that ends it.
bool may_finish(Connection& connection, const AuthorizationId& id,
                const ca::ValidationAttempt& attempt) {
    return connection.exists(
        "SELECT 1 FROM authorizations WHERE id = ?1 AND finished IS NULL AND deactivated IS NULL"
        " AND ((started IS NULL AND expires > ?2) OR method = ?3)",
        id, attempt.finished, to_stored(std::span(&attempt.method, 1)));
}

}  // namespace

void insert_authorization(Connection& connection, const Authorization& authorization,
                          Origin origin) {
    const auto mark = [](bool holds) {
        return holds ? std::optional<std::int64_t>(1) : std::nullopt;
    };
    connection.execute(
        "INSERT INTO authorizations (id, account, identifier, created, expires, token, offered,"
        " profile, vouched_by, subdomains, preauthorized)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?)",
        authorization.id, authorization.account, to_stored(authorization.identifier),
        authorization.created, authorization.expires, authorization.token.text(),
        to_stored(authorization.offered), authorization.profile, authorization.vouched_by,
        mark(authorization.for_subdomains), mark(origin == Origin::preauthorization));
}

std::optional<Authorization> find_reusable(Connection& connection, const ca::AccountId& account,
                                           const protocol::Identifier& identifier,
                                           const ca::OrderStore::Reuse& reuse) {
    return connection.find(
        "SELECT id, account, identifier, created, expires, token, offered, profile,"
        " subdomains, deactivated, started, method, finished, problem, request, vouched_by FROM"
        " (SELECT * FROM authorizations"
        " WHERE account = ?1 AND identifier = ?2 AND finished IS NOT NULL AND problem IS NULL"
        " AND deactivated IS NULL AND expires > ?4 AND finished <= ?5"
        " ORDER BY expires DESC LIMIT 10)"
        " WHERE finished > ?3 ORDER BY expires DESC LIMIT 1",
        read_authorization<Columns>, account, to_stored(identifier), reuse.finished_after,
        reuse.lapsing_after, reuse.finished_by);
}

std::optional<Authorization> find_reusable_for_subdomains(Connection& connection,
                                                          const ca::AccountId& account,
                                                          const protocol::Identifier& identifier,
                                                          const ca::OrderStore::Reuse& reuse) {
    return connection.find(
        "SELECT id, account, identifier, created, expires, token, offered, profile,"
        " subdomains, deactivated, started, method, finished, problem, request, vouched_by FROM"
        " (SELECT * FROM authorizations"
        " WHERE account = ?1 AND identifier = ?2 AND finished IS NOT NULL AND problem IS NULL"
        " AND deactivated IS NULL AND expires > ?4 AND finished <= ?5 AND subdomains IS NOT NULL"
        " ORDER BY expires DESC LIMIT 10)"
        " WHERE finished > ?3 ORDER BY expires DESC LIMIT 1",
        read_authorization<Columns>, account, to_stored(identifier), reuse.finished_after,
        reuse.lapsing_after, reuse.finished_by);
}

base::Task<ca::OrderStore::Preauthorization> SqliteRepository::create_authorization(
    Authorization fresh, Reuse reuse, std::size_t most_pending, ca::Charges charges) {
    const auto withdrawals = withdrawals_of(charges);
    const auto most = static_cast<std::int64_t>(most_pending);
    auto step = [&](Connection& connection) {
        Preauthorization result;
        const auto find = fresh.for_subdomains ? &find_reusable_for_subdomains : &find_reusable;
        result.reused = find(connection, fresh.account, fresh.identifier, reuse);
        if (result.reused) return result;
        const auto pending = connection.find(
            "SELECT count(*) FROM (SELECT 1 FROM authorizations WHERE account = ?1 AND expires > ?2"
            " AND preauthorized IS NOT NULL AND finished IS NULL AND deactivated IS NULL LIMIT ?3)",
            [](Columns& row) { return row.integer(); }, fresh.account, fresh.created, most);
        result.is_full = pending.value_or(0) >= most;
        if (result.is_full) return result;
        result.decision =
            take(connection, charges, withdrawals, instant_of(fresh.created)).decision;
        if (!result.decision.accepted) return result;
        insert_authorization(connection, fresh, Origin::preauthorization);
        writer_.after_commit([&] { authorizations_.put(fresh); });
        return result;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::optional<Authorization>> SqliteRepository::find_authorization(AuthorizationId id) {
    if (auto authorization = authorizations_.find(id)) co_return authorization;
    const auto moment = authorizations_.moment();
    auto authorization =
        readers_.read([&](Connection& connection) { return find_by_id(connection, id); });
    if (authorization) authorizations_.keep(*authorization, moment);
    co_return authorization;
}

base::Task<std::vector<Authorization>> SqliteRepository::find_authorizations(
    std::vector<AuthorizationId> ids) {
    if (auto found = authorizations_.find_all(ids)) co_return *std::move(found);
    const auto moment = authorizations_.moment();
    auto found = readers_.read([&](Connection& connection) {
        const Snapshot snapshot(connection);
        std::vector<Authorization> read;
        read.reserve(ids.size());
        for (const auto& id : ids) {
            auto authorization = find_by_id(connection, id);
            if (!authorization)
                throw std::runtime_error("the store has no authorization " + id.to_string());
            read.push_back(*std::move(authorization));
        }
        return read;
    });
    for (const auto& authorization : found) authorizations_.keep(authorization, moment);
    co_return found;
}

base::Task<std::vector<std::optional<Authorization>>> SqliteRepository::find_valid_authorizations(
    ca::AccountId account, std::vector<protocol::Identifier> identifiers, base::Time now) {
    co_return readers_.read([&](Connection& connection) {
        const Snapshot snapshot(connection);
        std::vector<std::optional<Authorization>> found;
        found.reserve(identifiers.size());
        for (const auto& identifier : identifiers) {
            const auto id = connection.find(
                "SELECT id FROM authorizations WHERE account = ?1 AND identifier = ?2"
                " AND finished IS NOT NULL AND finished <= ?3 AND problem IS NULL"
                " AND deactivated IS NULL AND expires > ?3 ORDER BY expires DESC LIMIT 1",
                read_id, account, to_stored(identifier), now);
            found.push_back(id ? find_by_id(connection, *id) : std::nullopt);
        }
        return found;
    });
}

base::Task<bool> SqliteRepository::begin_validation(AuthorizationId id,
                                                    ca::ValidationAttempt attempt) {
    auto step = [&](Connection& connection) {
        const bool is_begun =
            connection.execute(
                "UPDATE authorizations SET method = ?1, started = ?2, request = ?4 WHERE id = ?3"
                " AND started IS NULL AND deactivated IS NULL AND expires > ?2",
                to_stored(std::span(&attempt.method, 1)), attempt.started, id,
                attempt.request) == 1;
        if (is_begun) {
            announce(authorizations_, id,
                     [&](Authorization& authorization) { authorization.attempt = attempt; });
        }
        return is_begun;
    };
    co_return co_await writer_.run(step);
}

base::Task<bool> SqliteRepository::note_failed_try(AuthorizationId id,
                                                   ca::ValidationAttempt attempt, base::Time now) {
    auto step = [&](Connection& connection) {
        const bool is_noted =
            connection.execute(
                "UPDATE authorizations SET method = ?1, started = ifnull(started, ?2),"
                " problem = ?3, request = ifnull(request, ?6) WHERE id = ?4"
                " AND finished IS NULL AND deactivated IS NULL"
                " AND ((started IS NULL AND expires > ?5) OR method = ?1)",
                to_stored(std::span(&attempt.method, 1)), attempt.started,
                attempt.problem->to_json(), id, now, attempt.request) == 1;
        if (is_noted) {
            announce(authorizations_, id, [&](Authorization& authorization) {
                auto& present = authorization.attempt;
                if (!present) present = attempt;
                present->problem = attempt.problem;
            });
        }
        return is_noted;
    };
    co_return co_await writer_.run(step);
}

base::Task<ca::OrderStore::ValidationEnd> SqliteRepository::finish_validation(
    AuthorizationId id, ca::ValidationAttempt attempt, base::Time expires, ca::Charges charges) {
    const auto withdrawals = withdrawals_of(charges);
    const auto charged_at = instant_of(attempt.finished.value());
    auto step = [&](Connection& connection) -> ValidationEnd {
        if (!charges.empty() && !may_finish(connection, id, attempt)) return {};
        auto decision = take(connection, charges, withdrawals, charged_at).decision;
        if (!decision.accepted) return {false, std::move(decision)};
        const auto& problem = attempt.problem;
        const auto document = problem ? std::optional(problem->to_json()) : std::nullopt;
        const auto new_expiry = problem ? std::nullopt : std::optional(expires);
        const bool is_finished =
            connection.execute(
                "UPDATE authorizations SET method = ?1, started = ifnull(started, ?2),"
                " finished = ?3, problem = ?4, expires = ifnull(?5, expires),"
                " request = ifnull(request, ?7) WHERE id = ?6"
                " AND finished IS NULL AND deactivated IS NULL"
                " AND ((started IS NULL AND expires > ?3) OR method = ?1)",
                to_stored(std::span(&attempt.method, 1)), attempt.started, attempt.finished,
                document, new_expiry, id, attempt.request) == 1;
        if (is_finished) {
            announce(authorizations_, id, [&, new_expiry](Authorization& authorization) {
                auto& present = authorization.attempt;
                auto finished = attempt;
                if (present) finished.started = present->started;
                if (present) finished.request = present->request;
                present = std::move(finished);
                if (new_expiry) authorization.expires = *new_expiry;
            });
        }
        return {is_finished, std::move(decision)};
    };
    co_return co_await writer_.run(step);
}

base::Task<bool> SqliteRepository::deactivate_authorization(AuthorizationId id, base::Time now) {
    auto step = [&](Connection& connection) {
        const bool is_deactivated =
            connection.execute(
                "UPDATE authorizations SET deactivated = ?1 WHERE id = ?2"
                " AND deactivated IS NULL AND expires > ?1"
                " AND (started IS NULL OR (finished IS NOT NULL AND problem IS NULL))",
                now, id) == 1;
        if (is_deactivated) {
            announce(authorizations_, id,
                     [&](Authorization& authorization) { authorization.deactivated = now; });
        }
        return is_deactivated;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::vector<ca::OrderStore::UnfinishedValidation>>
SqliteRepository::claim_unfinished_validations(std::size_t limit) {
    co_return readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT id, account, identifier FROM (SELECT id, account, identifier, started,"
            " row_number() OVER (PARTITION BY account ORDER BY started, rowid) AS turn"
            " FROM authorizations INDEXED BY unfinished_validations"
            " WHERE started IS NOT NULL AND finished IS NULL)"
            " ORDER BY turn, started LIMIT ?",
            read_unfinished_validation<Columns>, static_cast<std::int64_t>(limit));
    });
}

}  // namespace cairn::store
