#include "store/key_obstacle.h"
#include "store/sqlite/repository.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::Account;
using ca::AccountId;

std::optional<Account> find_by_id(Connection& connection, const AccountId& id) {
    return connection.find(
        "SELECT id, jwk, contacts, created, terms_agreed, deactivated, scope, terms_url, bound_to,"
        " binding FROM accounts WHERE id = ?",
        read_account<Columns>, id);
}

}  // namespace

std::optional<AccountId> holder_of(Connection& connection, const crypto::Sha256Digest& thumbprint) {
    return connection.find(
        "SELECT id FROM accounts WHERE thumbprint = ?",
        [](Columns& row) { return id_from<ca::AccountKind>(row.blob()); }, thumbprint);
}

std::optional<ca::AccountStore::KeyRefusal> SqliteRepository::refusal_of(Connection& connection,
                                                                         const protocol::Jwk& key) {
    const auto id = key_id_of(key);
    if (blocked_keys_.may_have(id) && is_blocked(connection, id)) return KeyRefusal::blocked;
    if (is_certified(connection, id)) return KeyRefusal::certified;
    return std::nullopt;
}

base::Task<ca::AccountStore::Creation> SqliteRepository::create_account(Account account,
                                                                        ca::Charges charges) {
    const auto withdrawals = withdrawals_of(charges);
    auto step = [&](Connection& connection) -> Creation {
        const auto holder = holder_of(connection, account.key.thumbprint());
        if (holder) return {find_by_id(connection, *holder).value(), false};
        if (const auto refusal = refusal_of(connection, account.key))
            return {account, false, refusal};
        const auto& binding = account.binding;
        if (binding && !is_usable(connection, binding->kid, account.created))
            return {account, false, std::nullopt, {}, true};
        auto decision =
            take(connection, charges, withdrawals, instant_of(account.created)).decision;
        if (!decision.accepted) return {account, false, std::nullopt, std::move(decision)};
        connection.execute(
            "INSERT INTO accounts (id, thumbprint, jwk, contacts, created, terms_agreed,"
            " deactivated, terms_url, bound_to, binding)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?)",
            account.id, account.key.thumbprint(), account.key.to_json(), to_lines(account.contacts),
            account.created, account.terms_agreed, account.deactivated, account.terms_url,
            binding ? std::optional(binding->kid) : std::nullopt,
            binding ? std::optional(binding->object) : std::nullopt);
        if (binding)
            connection.execute("UPDATE external_keys SET uses = uses + 1 WHERE kid = ?",
                               binding->kid);
        writer_.after_commit([&] { accounts_.put(account); });
        return {account, true, std::nullopt, std::move(decision)};
    };
    co_return co_await writer_.run(step);
}

base::Task<std::optional<Account>> SqliteRepository::find_account(AccountId id) {
    if (auto account = accounts_.find(id)) co_return account;
    const auto moment = accounts_.moment();
    auto account =
        readers_.read([&](Connection& connection) { return find_by_id(connection, id); });
    if (account) accounts_.keep(*account, moment);
    co_return account;
}

base::Task<std::vector<Account>> SqliteRepository::list_accounts(std::optional<AccountId> after,
                                                                 std::size_t limit) {
    // Behind no octets at all are all ids.
    const auto behind = after ? after->octets() : base::BytesView();
    co_return readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT id, jwk, contacts, created, terms_agreed, deactivated, scope, terms_url,"
            " bound_to, binding FROM accounts WHERE id > ? ORDER BY id LIMIT ?",
            read_account<Columns>, behind, static_cast<std::int64_t>(limit));
    });
}

base::Task<std::optional<Account>> SqliteRepository::find_account_by_key(
    crypto::Sha256Digest thumbprint) {
    co_return readers_.read([&](Connection& connection) -> std::optional<Account> {
        const Snapshot snapshot(connection);
        const auto holder = holder_of(connection, thumbprint);
        if (!holder) return std::nullopt;
        return find_by_id(connection, *holder);
    });
}

base::Task<std::optional<Account>> SqliteRepository::update_account(AccountId id,
                                                                    ca::AccountChange change) {
    const auto& [contacts, terms] = change;
    auto step = [&](Connection& connection) {
        if (connection.execute(
                "UPDATE accounts SET contacts = ifnull(?, contacts),"
                " terms_agreed = ifnull(?, terms_agreed), terms_url = ifnull(?, terms_url)"
                " WHERE id = ? AND deactivated IS NULL",
                contacts ? std::optional(to_lines(*contacts)) : std::nullopt,
                terms ? std::optional(terms->at) : std::nullopt,
                terms ? std::optional(terms->url) : std::nullopt, id) == 1) {
            announce(accounts_, id, [&](Account& account) {
                if (change.contacts) account.contacts = *change.contacts;
                if (!change.terms) return;
                account.terms_agreed = change.terms->at;
                account.terms_url = change.terms->url;
            });
        }
        return find_by_id(connection, id);
    };
    co_return co_await writer_.run(step);
}

base::Task<std::optional<Account>> SqliteRepository::deactivate_account(AccountId id,
                                                                        base::Time now) {
    auto step = [&](Connection& connection) {
        if (connection.execute(
                "UPDATE accounts SET deactivated = ? WHERE id = ? AND deactivated IS NULL", now,
                id) == 1) {
            announce(accounts_, id, [&](Account& account) { account.deactivated = now; });
        }
        return find_by_id(connection, id);
    };
    co_return co_await writer_.run(step);
}

base::Task<std::optional<Account>> SqliteRepository::set_account_scope(AccountId id,
                                                                       ca::AccountScope scope) {
    const auto text = scope.to_text();
    auto step = [&](Connection& connection) {
        if (connection.execute("UPDATE accounts SET scope = nullif(?, '') WHERE id = ?", text,
                               id) == 1)
            announce(accounts_, id, [&](Account& account) { account.scope = scope; });
        return find_by_id(connection, id);
    };
    co_return co_await writer_.run(step);
}

base::Task<ca::AccountStore::KeyReplacement> SqliteRepository::replace_account_key(
    AccountId id, crypto::Sha256Digest old_thumbprint, protocol::Jwk new_key) {
    auto step = [&](Connection& connection) -> KeyReplacement {
        using enum KeyReplacement::Outcome;
        // Who no longer has the key that the request was signed with learns nothing about others.
        if (!connection.exists(
                "SELECT 1 FROM accounts WHERE id = ? AND thumbprint = ? AND deactivated IS NULL",
                id, old_thumbprint))
            return {stale, std::nullopt};
        if (const auto holder = holder_of(connection, new_key.thumbprint())) return {taken, holder};
        if (const auto refusal = refusal_of(connection, new_key))
            return {refusal == KeyRefusal::blocked ? key_is_blocked : key_is_certified,
                    std::nullopt};
        connection.execute("UPDATE accounts SET thumbprint = ?, jwk = ? WHERE id = ?",
                           new_key.thumbprint(), new_key.to_json(), id);
        announce(accounts_, id, [&](Account& account) { account.key = new_key; });
        return {replaced, std::nullopt};
    };
    co_return co_await writer_.run(step);
}

}  // namespace cairn::store
