#include <stdexcept>

#include "store/key_obstacle.h"
#include "store/postgres/charge_lists.h"
#include "store/postgres/repository.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::Account;
using ca::AccountId;
using enum Statement::Effect;
using enum Statement::Transaction;

constexpr int most_key_attempts = 5;

const std::string columns = "version, " + std::string(account_columns);

// What the caller has already is not sent again.
const Statement find_version{"find_account_version", "SELECT version FROM accounts WHERE id = $1",
                             repeatable, shared};
const Statement account_by_id{"find_account", "SELECT " + columns + " FROM accounts WHERE id = $1",
                              repeatable, shared};
const Statement find_by_key{"find_account_by_key",
                            "SELECT " + columns + " FROM accounts WHERE thumbprint = $1",
                            repeatable, shared};
const Statement list_page{
    "list_accounts",
    "SELECT " + std::string(account_columns) + " FROM accounts WHERE id > $1 ORDER BY id LIMIT $2",
    repeatable, shared};
const std::string insertion =
    "INSERT INTO accounts (id, thumbprint, jwk, contacts, created, terms_agreed, deactivated,"
    " terms_url, bound_to, binding) SELECT $1, $2, $3, $4, $5, $6, $7, $10, $11, $12";
const std::string question =
    "WITH asked AS MATERIALIZED (SELECT obstacle_to_key($8, $9, $2, true) AS obstacle),";
const Statement insert_account{"create_account",
                               question + " added AS (" + insertion +
                                   " FROM asked WHERE obstacle = 0) SELECT obstacle FROM asked",
                               repeatable};
// The external key is locked before the buckets are asked, so that they are only where it is
// usable.
const Statement insert_account_charged{
    "create_account_charged",
    question +
        " vouching AS MATERIALIZED (SELECT kid FROM external_keys WHERE kid = $11"
        " AND (SELECT obstacle = 0 FROM asked) AND revoked IS NULL"
        " AND coalesce(not_after > $5, true) AND coalesce(uses < most_uses, true) FOR UPDATE),"
        " able AS MATERIALIZED (SELECT obstacle,"
        " $11 IS NULL OR EXISTS (SELECT FROM vouching) AS is_bound FROM asked),"
        " spent AS MATERIALIZED (SELECT s.accepted, s.state FROM able CROSS JOIN LATERAL"
        " settle(able.obstacle = 0 AND able.is_bound, " +
        ChargeLists::placeholders(13) +
        ") AS s),"
        " used AS (UPDATE external_keys SET uses = uses + 1 WHERE kid = $11"
        " AND (SELECT accepted FROM spent)),"
        " added AS (" +
        insertion +
        " FROM spent WHERE accepted)"
        " SELECT obstacle, is_bound, state FROM able CROSS JOIN spent",
    repeatable};
const Statement update{"update_account",
                       "UPDATE accounts SET contacts = coalesce($2, contacts),"
                       " terms_agreed = coalesce($3, terms_agreed),"
                       " terms_url = coalesce($4, terms_url), version = version + 1"
                       " WHERE id = $1 AND deactivated IS NULL RETURNING " +
                           columns,
                       repeatable};
const Statement mark_account_deactivated{
    "deactivate_account",
    "UPDATE accounts SET deactivated = $2, version = version + 1"
    " WHERE id = $1 AND deactivated IS NULL RETURNING " +
        columns,
    repeatable};
const Statement set_scope{"set_account_scope",
                          "UPDATE accounts SET scope = nullif($2, ''), version = version + 1"
                          " WHERE id = $1 RETURNING " +
                              columns,
                          repeatable};
const Statement replace_key{"replace_account_key",
                            "WITH asked AS MATERIALIZED"
                            " (SELECT obstacle_to_key($5, $6, $3, true) AS obstacle),"
                            " replaced AS (UPDATE accounts SET thumbprint = $3, jwk = $4,"
                            " version = version + 1 WHERE (SELECT obstacle = 0 FROM asked)"
                            " AND id = $1 AND thumbprint = $2 AND deactivated IS NULL RETURNING id)"
                            " SELECT obstacle, EXISTS (SELECT FROM replaced) FROM asked",
                            repeatable};
const Statement find_obstacle{"find_obstacle_to_key",
                              "SELECT EXISTS (SELECT FROM accounts"
                              " WHERE id = $1 AND thumbprint = $2 AND deactivated IS NULL),"
                              " (SELECT id FROM accounts WHERE thumbprint = $3)",
                              repeatable, shared};

std::optional<std::string> non_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

ca::Account PostgresRepository::remember(PostgresRow& row) {
    const auto version = row.integer();
    auto account = read_account(row);
    accounts_.put({account.id, account, version});
    return account;
}

base::Task<std::optional<Account>> PostgresRepository::find_account(AccountId id) {
    if (auto known = accounts_.find(id)) {
        const auto present = co_await run(find_version, id);
        const auto version = present.first([](PostgresRow& row) { return row.integer(); });
        if (version == known->version) co_return std::move(known->account);
    }
    const auto answer = co_await run(account_by_id, id);
    co_return answer.first([this](PostgresRow& row) { return remember(row); });
}

base::Task<std::vector<Account>> PostgresRepository::list_accounts(std::optional<AccountId> after,
                                                                   std::size_t limit) {
    // Behind no octets at all are all ids.
    const auto behind = after ? after->octets() : base::BytesView();
    const auto answer = co_await run(list_page, behind, static_cast<std::int64_t>(limit));
    co_return answer.each(read_account<PostgresRow>);
}

base::Task<std::optional<Account>> PostgresRepository::find_account_by_key(
    crypto::Sha256Digest thumbprint) {
    const auto answer = co_await run(find_by_key, thumbprint);
    co_return answer.first([this](PostgresRow& row) { return remember(row); });
}

base::Task<ca::AccountStore::Creation> PostgresRepository::create_account(Account account,
                                                                          ca::Charges charges) {
    const auto key = key_id_of(account.key);
    const ChargeLists lists(charges, account.created);
    auto parameters =
        Parameters::of(account.id, account.key.thumbprint(), account.key.to_json(),
                       to_lines(account.contacts), account.created, account.terms_agreed,
                       account.deactivated, lock_of_key(key), key, non_empty(account.terms_url),
                       account.binding ? std::optional(account.binding->kid) : std::nullopt,
                       account.binding ? std::optional(account.binding->object) : std::nullopt);
    const bool is_plain = charges.empty() && !account.binding;
    if (!is_plain) lists.add_to(parameters);
    for (int attempt = 0; attempt < most_key_attempts; ++attempt) {
        const auto answer =
            co_await pool_.call(is_plain ? insert_account : insert_account_charged, parameters);
        auto row = answer.row(0);
        switch (obstacle_from(row.integer())) {
            case KeyObstacle::none: {
                if (is_plain) co_return Creation{std::move(account), true};
                if (!row.boolean())
                    co_return Creation{std::move(account), false, std::nullopt, {}, true};
                auto decision = lists.decision(row.optional_integers());
                const bool is_created = decision.accepted;
                co_return Creation{std::move(account), is_created, std::nullopt,
                                   std::move(decision)};
            }
            case KeyObstacle::blocked:
                co_return Creation{std::move(account), false, KeyRefusal::blocked};
            case KeyObstacle::certified:
                co_return Creation{std::move(account), false, KeyRefusal::certified};
            case KeyObstacle::account:
                auto holder = co_await find_account_by_key(account.key.thumbprint());
                const bool is_own =
                    answer.follows_lost_answer() && holder && holder->id == account.id;
                if (holder) co_return Creation{*std::move(holder), is_own};
                // Its holder has changed its key between the two.
        }
    }
    throw ca::StoreUnavailable("create_account: the key changes hands all the time");
}

base::Task<std::optional<Account>> PostgresRepository::update_account(AccountId id,
                                                                      ca::AccountChange change) {
    // Named, since g++ 12 destroys a temporary of a condition within co_await twice.
    const auto contacts =
        change.contacts ? std::optional(to_lines(*change.contacts)) : std::nullopt;
    const auto when = change.terms ? std::optional(change.terms->at) : std::nullopt;
    const auto url = change.terms ? std::optional(change.terms->url) : std::nullopt;
    const auto answer = co_await run(update, id, contacts, when, url);
    auto account = answer.first([this](PostgresRow& row) { return remember(row); });
    if (!account) co_return co_await find_account(id);
    co_return account;
}

base::Task<std::optional<Account>> PostgresRepository::deactivate_account(AccountId id,
                                                                          base::Time now) {
    const auto answer = co_await run(mark_account_deactivated, id, now);
    auto account = answer.first([this](PostgresRow& row) { return remember(row); });
    if (!account) co_return co_await find_account(id);
    co_return account;
}

base::Task<std::optional<Account>> PostgresRepository::set_account_scope(AccountId id,
                                                                         ca::AccountScope scope) {
    const auto answer = co_await run(set_scope, id, scope.to_text());
    co_return answer.first([this](PostgresRow& row) { return remember(row); });
}

base::Task<ca::AccountStore::KeyReplacement> PostgresRepository::replace_account_key(
    AccountId id, crypto::Sha256Digest old_thumbprint, protocol::Jwk new_key) {
    using enum KeyReplacement::Outcome;
    const auto key = key_id_of(new_key);
    bool may_have_replaced = false;
    for (int attempt = 0; attempt < most_key_attempts; ++attempt) {
        const auto answer = co_await run(replace_key, id, old_thumbprint, new_key.thumbprint(),
                                         new_key.to_json(), lock_of_key(key), key);
        auto row = answer.row(0);
        const auto obstacle = obstacle_from(row.integer());
        if (row.boolean()) co_return KeyReplacement{replaced, std::nullopt};
        may_have_replaced = may_have_replaced || answer.follows_lost_answer();
        const auto reasons = co_await run(find_obstacle, id, old_thumbprint, new_key.thumbprint());
        auto reason = reasons.row(0);
        const bool has_old_key = reason.boolean();
        std::optional<AccountId> holder;
        if (const auto octets = reason.optional_blob()) holder = id_from<ca::AccountKind>(*octets);
        if (may_have_replaced && holder == id) co_return KeyReplacement{replaced, std::nullopt};
        // Who no longer has the key that the request was signed with learns nothing about others.
        if (!has_old_key) co_return KeyReplacement{stale, std::nullopt};
        if (obstacle == KeyObstacle::blocked)
            co_return KeyReplacement{key_is_blocked, std::nullopt};
        if (obstacle == KeyObstacle::certified)
            co_return KeyReplacement{key_is_certified, std::nullopt};
        if (holder) co_return KeyReplacement{taken, holder};
        // The obstacle went away between the two.
    }
    throw ca::StoreUnavailable("replace_account_key: the key changes hands all the time");
}

}  // namespace cairn::store
