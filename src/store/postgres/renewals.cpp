#include <algorithm>

#include "store/postgres/repository.h"
#include "store/stored_renewals.h"

namespace cairn::store {
namespace {

using enum Statement::Effect;
using enum Statement::Transaction;

const Statement insert_rule{"add_pull_forward",
                            "INSERT INTO pull_forwards (id, created, serials, profile, issuer,"
                            " issued_after, issued_before, deadline, explanation)"
                            " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9"
                            " WHERE (SELECT count(*) FROM pull_forwards) < $10",
                            repeatable};
const Statement all_rules{
    "find_pull_forwards",
    "SELECT id, created, serials, profile, issuer, issued_after, issued_before,"
    " deadline, explanation FROM pull_forwards ORDER BY id",
    repeatable, shared};
const Statement next_certificates{
    "find_certificates_after",
    "SELECT serial, issuer, issued, not_after, profile FROM certificates"
    " WHERE serial > $1 ORDER BY serial LIMIT $2",
    repeatable, shared};
const Statement remove_one{"remove_pull_forward", "DELETE FROM pull_forwards WHERE id = $1",
                           repeatable};
const Statement replacement_of{"find_replacement",
                               "SELECT order_id, completed FROM replacements WHERE serial = $1",
                               repeatable, shared};

}  // namespace

base::Task<bool> PostgresRepository::add_pull_forward(ca::PullForward rule) {
    try {
        const auto answer =
            co_await run(insert_rule, rule.id, rule.created, to_stored(rule.serials), rule.profile,
                         rule.issuer, rule.issued_after, rule.issued_before, rule.deadline,
                         rule.explanation_url, static_cast<std::int64_t>(most_pull_forwards));
        if (answer.affected() == 1 || !answer.follows_lost_answer())
            co_return answer.affected() == 1;
    } catch (const StatementRefused& refusal) {
        if (!refusal.is_unique_violation() || !refusal.follows_lost_answer) throw;
    }
    // The id is fresh, so what has it is what an earlier sending wrote.
    const auto rules = co_await pull_forwards();
    co_return std::ranges::find(rules, rule.id, &ca::PullForward::id) != rules.end();
}

base::Task<std::vector<ca::PullForward>> PostgresRepository::pull_forwards() {
    const auto answer = co_await run(all_rules);
    co_return answer.each(read_pull_forward<PostgresRow>);
}

base::Task<ca::RenewalStore::Count> PostgresRepository::count_pulled_forward(
    ca::PullForward rule, base::Time now, std::optional<pki::SerialNumber> after,
    std::size_t limit) {
    const auto behind = after ? after->der_content() : base::Bytes();
    const auto answer = co_await run(next_certificates, behind, static_cast<std::int64_t>(limit));
    co_return count_of(answer.each(read_seen_certificate<PostgresRow>), rule, now, limit);
}

base::Task<bool> PostgresRepository::remove_pull_forward(ca::PullForwardId id) {
    const auto answer = co_await run(remove_one, id);
    // A first attempt whose answer was lost may have removed it.
    co_return answer.affected() == 1 || answer.follows_lost_answer();
}

base::Task<std::optional<ca::Replacement>> PostgresRepository::find_replacement(
    pki::SerialNumber serial) {
    const auto answer = co_await run(replacement_of, serial.der_content());
    co_return answer.first(read_replacement<PostgresRow>);
}

}  // namespace cairn::store
