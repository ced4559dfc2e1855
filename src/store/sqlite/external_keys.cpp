#include "store/sqlite/repository.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::ExternalKey;

std::optional<ExternalKey> find_by_kid(Connection& connection, const std::string& kid) {
    return connection.find(
        "SELECT kid, hmac_key, created, not_after, most_uses, uses, names, networks, profiles,"
        " uris, is_vouching, note, revoked FROM external_keys WHERE kid = ?",
        read_external_key<Columns>, kid);
}

}  // namespace

bool is_usable(Connection& connection, const std::string& kid, base::Time now) {
    return connection.exists(
        "SELECT 1 FROM external_keys WHERE kid = ?1 AND revoked IS NULL"
        " AND ifnull(not_after > ?2, true) AND ifnull(uses < most_uses, true)",
        kid, now);
}

base::Task<std::optional<ExternalKey>> SqliteRepository::find_external_key(std::string kid) {
    co_return readers_.read([&](Connection& connection) { return find_by_kid(connection, kid); });
}

base::Task<bool> SqliteRepository::create_external_key(ExternalKey key) {
    auto step = [&](Connection& connection) {
        return connection.execute(
                   "INSERT INTO external_keys (kid, hmac_key, created, not_after, most_uses, uses,"
                   " names, networks, profiles, uris, is_vouching, note, revoked)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                   key.kid, base::BytesView(key.hmac_key), key.created, key.not_after,
                   key.most_uses, key.uses, to_stored(key.scope.names),
                   to_stored(key.scope.networks), to_lines(key.scope.profiles),
                   to_stored(key.scope.uris), std::int64_t{key.scope.names_are_vouched_for},
                   key.note, key.revoked) == 1;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::optional<ExternalKey>> SqliteRepository::revoke_external_key(std::string kid,
                                                                             base::Time now) {
    std::vector<ca::AuthorizationId> ended;
    auto step = [&](Connection& connection) {
        connection.execute("UPDATE external_keys SET revoked = ? WHERE kid = ? AND revoked IS NULL",
                           now, kid);
        ended = connection.list(
            "SELECT id FROM authorizations WHERE vouched_by = ? AND deactivated IS NULL"
            " AND expires > ?",
            [](Columns& row) { return id_from<ca::AuthorizationKind>(row.blob()); }, kid, now);
        connection.execute(
            "UPDATE authorizations SET deactivated = ?1 WHERE vouched_by = ?2"
            " AND deactivated IS NULL AND expires > ?1",
            now, kid);
        writer_.after_commit([&] {
            for (const auto& id : ended)
                authorizations_.change(id,
                                       [&](ca::Authorization& proof) { proof.deactivated = now; });
        });
        return find_by_kid(connection, kid);
    };
    co_return co_await writer_.run(step);
}

base::Task<std::vector<ExternalKey>> SqliteRepository::list_external_keys(
    std::optional<std::string> after, std::size_t limit) {
    const auto count = static_cast<std::int64_t>(limit);
    co_return readers_.read([&](Connection& connection) {
        if (after)
            return connection.list(
                "SELECT k.kid, k.hmac_key, k.created, k.not_after, k.most_uses, k.uses, k.names,"
                " k.networks, k.profiles, k.uris, k.is_vouching, k.note, k.revoked FROM "
                "external_keys k,"
                " external_keys former WHERE former.kid = ?"
                " AND (k.created, k.kid) > (former.created, former.kid)"
                " ORDER BY k.created, k.kid LIMIT ?",
                read_external_key<Columns>, *after, count);
        return connection.list(
            "SELECT kid, hmac_key, created, not_after, most_uses, uses, names, networks, profiles,"
            " uris, is_vouching, note, revoked FROM external_keys ORDER BY created, kid LIMIT ?",
            read_external_key<Columns>, count);
    });
}

base::Task<std::vector<ca::Account>> SqliteRepository::accounts_bound_to(
    std::string kid, std::optional<ca::AccountId> after, std::size_t limit) {
    // Behind no octets at all are all ids.
    const auto behind = after ? after->octets() : base::BytesView();
    co_return readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT id, jwk, contacts, created, terms_agreed, deactivated, scope, terms_url,"
            " bound_to, binding FROM accounts WHERE bound_to = ? AND id > ? ORDER BY id LIMIT ?",
            read_account<Columns>, kid, behind, static_cast<std::int64_t>(limit));
    });
}

}  // namespace cairn::store
