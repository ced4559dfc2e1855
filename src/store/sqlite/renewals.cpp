#include "store/sqlite/repository.h"
#include "store/stored_renewals.h"

namespace cairn::store {

base::Task<bool> SqliteRepository::add_pull_forward(ca::PullForward rule) {
    const auto serials = to_stored(rule.serials);
    auto step = [&](Connection& connection) {
        return connection.execute(
                   "INSERT INTO pull_forwards (id, created, serials, profile, issuer,"
                   " issued_after, issued_before, deadline, explanation)"
                   " SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?"
                   " WHERE (SELECT count(*) FROM pull_forwards) < ?",
                   rule.id, rule.created, serials, rule.profile, rule.issuer, rule.issued_after,
                   rule.issued_before, rule.deadline, rule.explanation_url,
                   static_cast<std::int64_t>(most_pull_forwards)) == 1;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::vector<ca::PullForward>> SqliteRepository::pull_forwards() {
    co_return readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT id, created, serials, profile, issuer, issued_after, issued_before, deadline,"
            " explanation FROM pull_forwards ORDER BY id",
            read_pull_forward<Columns>);
    });
}

base::Task<ca::RenewalStore::Count> SqliteRepository::count_pulled_forward(
    ca::PullForward rule, base::Time now, std::optional<pki::SerialNumber> after,
    std::size_t limit) {
    const auto seen = readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT serial, issuer, issued, not_after, profile FROM certificates"
            " WHERE serial > ? ORDER BY serial LIMIT ?",
            read_seen_certificate<Columns>, after ? after->der_content() : base::Bytes(),
            static_cast<std::int64_t>(limit));
    });
    co_return count_of(seen, rule, now, limit);
}

base::Task<bool> SqliteRepository::remove_pull_forward(ca::PullForwardId id) {
    auto step = [&](Connection& connection) {
        return connection.execute("DELETE FROM pull_forwards WHERE id = ?", id) == 1;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::optional<ca::Replacement>> SqliteRepository::find_replacement(
    pki::SerialNumber serial) {
    co_return readers_.read([&](Connection& connection) {
        return connection.find("SELECT order_id, completed FROM replacements WHERE serial = ?",
                               read_replacement<Columns>, serial.der_content());
    });
}

}  // namespace cairn::store
