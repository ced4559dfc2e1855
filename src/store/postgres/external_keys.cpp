#include "store/postgres/repository.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::ExternalKey;
using enum Statement::Effect;
using enum Statement::Transaction;

const std::string key_columns =
    "k.kid, k.hmac_key, k.created, k.not_after, k.most_uses, k.uses, k.names, k.networks,"
    " k.profiles, k.uris, k.is_vouching, k.note, k.revoked";

const Statement key_by_id{"find_external_key",
                          "SELECT " + key_columns + " FROM external_keys k WHERE k.kid = $1",
                          repeatable, shared};
const Statement insert_key{
    "create_external_key",
    "INSERT INTO external_keys (kid, hmac_key, created, not_after, most_uses, uses, names,"
    " networks, profiles, uris, is_vouching, note, revoked)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
    repeatable};
const Statement mark_key_revoked{"revoke_external_key",
                                 "WITH ended AS (UPDATE authorizations SET deactivated = $2"
                                 " WHERE vouched_by = $1 AND deactivated IS NULL AND expires > $2)"
                                 " UPDATE external_keys k SET revoked = coalesce(k.revoked, $2)"
                                 " WHERE k.kid = $1 RETURNING " +
                                     key_columns,
                                 repeatable};
const Statement list_first_keys{
    "list_external_keys",
    "SELECT " + key_columns + " FROM external_keys k ORDER BY k.created, k.kid LIMIT $1",
    repeatable, shared};
const Statement list_behind{
    "list_external_keys_behind",
    "SELECT " + key_columns +
        " FROM external_keys k WHERE (k.created, k.kid) >"
        " (SELECT former.created, former.kid FROM external_keys former WHERE former.kid = $2)"
        " ORDER BY k.created, k.kid LIMIT $1",
    repeatable, shared};
const Statement list_bound{
    "accounts_bound_to",
    "SELECT " + std::string(account_columns) +
        " FROM accounts WHERE bound_to = $1 AND id > $2 ORDER BY id LIMIT $3",
    repeatable, shared};

}  // namespace

base::Task<std::optional<ExternalKey>> PostgresRepository::find_external_key(std::string kid) {
    const auto answer = co_await run(key_by_id, kid);
    co_return answer.first(read_external_key<PostgresRow>);
}

base::Task<bool> PostgresRepository::create_external_key(ExternalKey key) {
    const auto answer = co_await run(
        insert_key, key.kid, base::BytesView(key.hmac_key), key.created, key.not_after,
        key.most_uses, key.uses, to_stored(key.scope.names), to_stored(key.scope.networks),
        to_lines(key.scope.profiles), to_stored(key.scope.uris),
        std::int64_t{key.scope.names_are_vouched_for}, key.note, key.revoked);
    if (answer.affected() == 1) co_return true;
    if (!answer.follows_lost_answer()) co_return false;
    // What an earlier sending wrote has this secret, which nobody else can have made.
    const auto present = co_await find_external_key(key.kid);
    co_return present && present->hmac_key == key.hmac_key;
}

base::Task<std::optional<ExternalKey>> PostgresRepository::revoke_external_key(std::string kid,
                                                                               base::Time now) {
    const auto answer = co_await run(mark_key_revoked, kid, now);
    co_return answer.first(read_external_key<PostgresRow>);
}

base::Task<std::vector<ExternalKey>> PostgresRepository::list_external_keys(
    std::optional<std::string> after, std::size_t limit) {
    const auto count = static_cast<std::int64_t>(limit);
    auto task = after ? run(list_behind, count, *after) : run(list_first_keys, count);
    const auto answer = co_await std::move(task);
    co_return answer.each(read_external_key<PostgresRow>);
}

base::Task<std::vector<ca::Account>> PostgresRepository::accounts_bound_to(
    std::string kid, std::optional<ca::AccountId> after, std::size_t limit) {
    // Behind no octets at all are all ids.
    const auto behind = after ? after->octets() : base::BytesView();
    const auto answer = co_await run(list_bound, kid, behind, static_cast<std::int64_t>(limit));
    co_return answer.each(read_account<PostgresRow>);
}

}  // namespace cairn::store
