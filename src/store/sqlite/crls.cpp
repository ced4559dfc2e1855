#include "store/sqlite/repository.h"
#include "store/stored_crls.h"

namespace cairn::store {

namespace {

// Makes revocations of a compromised key for at most so many of its certificates; how many it made.
std::int64_t unfold(Connection& connection, const crypto::Sha256Digest& key, std::size_t most) {
    return connection.execute(
        "INSERT INTO requested_revocations (certificate, at, reason, serial, issuer, crl,"
        " not_after) SELECT c.number, k.at, 1, c.serial, c.issuer, c.crl, c.not_after"
        " FROM compromised_keys k JOIN certificates c ON substr(c.key, 1, 8) = substr(k.key, 1, 8)"
        " AND c.key = k.key AND c.not_after >= k.at WHERE k.key = ?1 AND NOT EXISTS"
        " (SELECT 1 FROM requested_revocations q WHERE q.certificate = c.number AND q.reason = 1)"
        " LIMIT ?2 ON CONFLICT (certificate) DO UPDATE SET reason = 1, listed = NULL",
        key, static_cast<std::int64_t>(most));
}

}  // namespace

base::Task<std::vector<ca::CrlList>> SqliteRepository::add_crl_lists(
    ca::IssuerId issuer, std::vector<std::string> urls) {
    urls.insert(urls.begin(), "");
    auto step = [&](Connection& connection) {
        std::vector<ca::CrlList> lists;
        for (const auto& url : urls) {
            connection.execute(
                "INSERT INTO crl_lists (issuer, url) VALUES (?, ?) ON CONFLICT DO NOTHING", issuer,
                url);
            lists.push_back(connection
                                .find("SELECT id, issuer, url FROM crl_lists"
                                      " WHERE issuer = ? AND url = ?",
                                      read_crl_list<Columns>, issuer, url)
                                .value());
        }
        return lists;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::vector<ca::CrlState>> SqliteRepository::crl_states() {
    co_return readers_.read([](Connection& connection) {
        return connection.list(
            "SELECT l.id, l.issuer, l.url, l.wishes, c.number, c.this_update, c.next_update,"
            " c.entries, c.wishes, length(c.der) FROM crl_lists l LEFT JOIN crls c ON c.list = l.id"
            " ORDER BY l.id",
            read_crl_state<Columns>);
    });
}

base::Task<std::vector<ca::UnlistedRevocation>> SqliteRepository::unlisted_revocations(
    ca::IssuerId issuer, std::optional<pki::SerialNumber> after, std::size_t limit) {
    co_return readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT serial, crl, reason FROM requested_revocations"
            " WHERE issuer = ? AND listed IS NULL AND serial > ? ORDER BY serial LIMIT ?",
            read_unlisted<Columns>, issuer, after ? after->der_content() : base::Bytes(),
            static_cast<std::int64_t>(limit));
    });
}

base::Task<void> SqliteRepository::mark_listed(std::vector<ca::UnlistedRevocation> revocations) {
    auto step = [&](Connection& connection) {
        for (const auto& each : revocations)
            connection.execute(
                "UPDATE requested_revocations SET listed = 1 WHERE certificate ="
                " (SELECT number FROM certificates WHERE serial = ?) AND reason = ?",
                each.serial.der_content(), std::int64_t{static_cast<int>(each.reason)});
    };
    co_await writer_.run(step);
}

base::Task<ca::CrlStore::KeysStep> SqliteRepository::unfold_compromised_keys(
    std::optional<crypto::Sha256Digest> after, std::size_t most_keys, std::size_t most) {
    const auto behind = after ? base::copy_of(*after) : base::Bytes();
    // Mostly there is nothing to write.
    const bool is_needed = readers_.read([&](Connection& connection) {
        return connection.exists(
            "SELECT 1 FROM compromised_keys WHERE unfolded IS NULL AND key > ?", behind);
    });
    if (!is_needed) co_return KeysStep{};
    auto step = [&](Connection& connection) {
        const auto keys = connection.list(
            "SELECT key FROM compromised_keys WHERE unfolded IS NULL AND key > ?"
            " ORDER BY key LIMIT ?",
            [](Columns& row) { return digest_from(row.blob()); }, behind,
            static_cast<std::int64_t>(most_keys));
        KeysStep result{.next = after};
        std::size_t left = most;
        for (const auto& key : keys) {
            left -= static_cast<std::size_t>(unfold(connection, key, left));
            if (left == 0) {
                // An empty text is behind nothing.
                if (!result.next) result.next = crypto::Sha256Digest{};
                return result;
            }
            connection.execute(
                "UPDATE compromised_keys SET unfolded = 1 WHERE key = ?1 AND NOT EXISTS"
                " (SELECT 1 FROM orders WHERE key = ?1"
                " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL)",
                key);
            result.next = key;
        }
        if (keys.size() < most_keys) result.next.reset();
        return result;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::vector<ca::ListedRevocation>> SqliteRepository::revocations_of(
    ca::CrlList list, base::Time ended_after, std::optional<pki::SerialNumber> after,
    std::size_t limit) {
    const auto behind = after ? after->der_content() : base::Bytes();
    const auto most = static_cast<std::int64_t>(limit);
    co_return readers_.read([&](Connection& connection) {
        if (list.is_complete())
            return connection.list(
                "SELECT serial, at, reason FROM requested_revocations"
                " WHERE issuer = ? AND serial > ? AND not_after >= ? ORDER BY serial LIMIT ?",
                read_listed<Columns>, list.issuer, behind, ended_after, most);
        return connection.list(
            "SELECT serial, at, reason FROM requested_revocations"
            " WHERE crl = ? AND crl IS NOT NULL AND serial > ? AND not_after >= ?"
            " ORDER BY serial LIMIT ?",
            read_listed<Columns>, list.id, behind, ended_after, most);
    });
}

base::Task<bool> SqliteRepository::save_crl(ca::SignedCrl crl) {
    const auto& head = crl.head;
    auto step = [&](Connection& connection) {
        return connection.execute(
                   "INSERT INTO crls (list, number, this_update, next_update, entries, wishes, der)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (list) DO UPDATE SET"
                   " number = ?2, this_update = ?3, next_update = ?4, entries = ?5, wishes = ?6,"
                   " der = ?7 WHERE number < ?2",
                   head.list, static_cast<std::int64_t>(head.number), head.this_update,
                   head.next_update, static_cast<std::int64_t>(head.entries), head.wishes,
                   crl.der) == 1;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::optional<ca::SignedCrl>> SqliteRepository::find_crl(ca::CrlId list) {
    co_return readers_.read([&](Connection& connection) {
        return connection.find(
            "SELECT list, number, this_update, next_update, entries, wishes, length(der), der"
            " FROM crls WHERE list = ?",
            read_signed_crl<Columns>, list);
    });
}

base::Task<std::size_t> SqliteRepository::wish_for_crls(std::optional<ca::IssuerId> issuer) {
    auto step = [&](Connection& connection) {
        return static_cast<std::size_t>(connection.execute(
            "UPDATE crl_lists SET wishes = wishes + 1 WHERE issuer = ifnull(?, issuer)", issuer));
    };
    co_return co_await writer_.run(step);
}

}  // namespace cairn::store
