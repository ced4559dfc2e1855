#include "store/postgres/repository.h"
#include "store/stored_crls.h"

namespace cairn::store {
namespace {

using enum Statement::Effect;
using enum Statement::Transaction;

// A list that another node makes at the same time is seen by the second statement alone.
const Statement add_lists{
    "add_crl_lists",
    "INSERT INTO crl_lists (issuer, url) SELECT $1, u.url FROM unnest($2::text[]) AS u (url)"
    " WHERE NOT EXISTS (SELECT FROM crl_lists l WHERE l.issuer = $1 AND l.url = u.url)"
    " ORDER BY u.url ON CONFLICT DO NOTHING",
    repeatable};
const Statement find_lists{
    "find_crl_lists",
    "SELECT l.id, l.issuer, l.url FROM unnest($2::text[]) WITH ORDINALITY AS u (url, place)"
    " JOIN crl_lists l ON l.issuer = $1 AND l.url = u.url ORDER BY u.place",
    repeatable, shared};
const Statement states{
    "crl_states",
    "SELECT l.id, l.issuer, l.url, l.wishes, c.number, c.this_update, c.next_update, c.entries,"
    " c.wishes, octet_length(c.der)::bigint FROM crl_lists l LEFT JOIN crls c ON c.list = l.id"
    " ORDER BY l.id",
    repeatable, shared};
const Statement unlisted{
    "unlisted_revocations",
    "SELECT serial, crl, reason FROM requested_revocations"
    " WHERE issuer = $1 AND listed IS NULL AND serial > $2 ORDER BY serial LIMIT $3",
    repeatable, shared};
const Statement mark{"mark_listed",
                     "UPDATE requested_revocations r SET listed = 1"
                     " FROM unnest($1::bytea[], $2::bigint[]) AS s (serial, reason)"
                     " WHERE r.serial = s.serial AND r.reason = s.reason",
                     repeatable};
const Statement has_folded_keys{
    "has_folded_keys",
    "SELECT FROM compromised_keys k WHERE unfolded IS NULL AND k.key > $1 LIMIT 1", repeatable,
    shared};
const Statement unfold{"unfold_compromised_keys", "SELECT unfold_compromised_keys($1, $2, $3)",
                       repeatable};
const Statement complete_list{
    "revocations_of_issuer",
    "SELECT serial, at, reason FROM requested_revocations"
    " WHERE issuer = $1 AND serial > $2 AND not_after >= $3 ORDER BY serial LIMIT $4",
    repeatable, shared};
const Statement shard{"revocations_of_crl",
                      "SELECT serial, at, reason FROM requested_revocations"
                      " WHERE crl = $1 AND crl IS NOT NULL AND serial > $2 AND not_after >= $3"
                      " ORDER BY serial LIMIT $4",
                      repeatable, shared};
const Statement put_crl{
    "save_crl",
    "INSERT INTO crls AS c (list, number, this_update, next_update, entries, wishes, der)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (list) DO UPDATE SET"
    " number = excluded.number, this_update = excluded.this_update,"
    " next_update = excluded.next_update, entries = excluded.entries, wishes = excluded.wishes,"
    " der = excluded.der WHERE c.number < excluded.number",
    repeatable};
const Statement crl_of_list{"find_crl",
                            "SELECT list, number, this_update, next_update, entries, wishes,"
                            " octet_length(der)::bigint, der FROM crls WHERE list = $1",
                            repeatable, shared};
const Statement wish{"wish_for_crls",
                     "UPDATE crl_lists SET wishes = wishes + 1 WHERE issuer = coalesce($1, issuer)",
                     once};

base::Bytes behind(const std::optional<pki::SerialNumber>& serial) {
    return serial ? serial->der_content() : base::Bytes();
}

}  // namespace

base::Task<std::vector<ca::CrlList>> PostgresRepository::add_crl_lists(
    ca::IssuerId issuer, std::vector<std::string> urls) {
    urls.insert(urls.begin(), "");
    co_await run(add_lists, issuer, urls);
    const auto answer = co_await run(find_lists, issuer, urls);
    co_return answer.each(read_crl_list<PostgresRow>);
}

base::Task<std::vector<ca::CrlState>> PostgresRepository::crl_states() {
    const auto answer = co_await run(states);
    co_return answer.each(read_crl_state<PostgresRow>);
}

base::Task<std::vector<ca::UnlistedRevocation>> PostgresRepository::unlisted_revocations(
    ca::IssuerId issuer, std::optional<pki::SerialNumber> after, std::size_t limit) {
    const auto answer =
        co_await run(unlisted, issuer, behind(after), static_cast<std::int64_t>(limit));
    co_return answer.each(read_unlisted<PostgresRow>);
}

base::Task<void> PostgresRepository::mark_listed(std::vector<ca::UnlistedRevocation> revocations) {
    std::vector<base::BytesView> serials;
    std::vector<std::int64_t> reasons;
    for (const auto& each : revocations) {
        serials.emplace_back(each.serial.der_content());
        reasons.push_back(static_cast<int>(each.reason));
    }
    co_await run(mark, serials, reasons);
}

base::Task<ca::CrlStore::KeysStep> PostgresRepository::unfold_compromised_keys(
    std::optional<crypto::Sha256Digest> after, std::size_t most_keys, std::size_t most) {
    const auto position = after ? base::copy_of(*after) : base::Bytes();
    // Mostly there is nothing to write.
    const auto folded = co_await run(has_folded_keys, position);
    if (folded.rows() == 0) co_return KeysStep{};
    const auto answer = co_await run(unfold, position, static_cast<std::int64_t>(most_keys),
                                     static_cast<std::int64_t>(most));
    auto row = answer.row(0);
    KeysStep step;
    // No octets at all: it begins anew.
    if (const auto last = row.optional_blob())
        step.next = last->empty() ? crypto::Sha256Digest{} : digest_from(*last);
    co_return step;
}

base::Task<std::vector<ca::ListedRevocation>> PostgresRepository::revocations_of(
    ca::CrlList list, base::Time ended_after, std::optional<pki::SerialNumber> after,
    std::size_t limit) {
    const auto most = static_cast<std::int64_t>(limit);
    Answer answer;
    if (list.is_complete())
        answer = co_await run(complete_list, list.issuer, behind(after), ended_after, most);
    else
        answer = co_await run(shard, list.id, behind(after), ended_after, most);
    co_return answer.each(read_listed<PostgresRow>);
}

base::Task<bool> PostgresRepository::save_crl(ca::SignedCrl crl) {
    const auto& head = crl.head;
    const auto answer = co_await run(put_crl, head.list, static_cast<std::int64_t>(head.number),
                                     head.this_update, head.next_update,
                                     static_cast<std::int64_t>(head.entries), head.wishes, crl.der);
    bool is_saved = answer.affected() == 1;
    if (!is_saved && answer.follows_lost_answer()) {
        const auto present = co_await find_crl(head.list);
        is_saved = present && present->der == crl.der;
    }
    if (is_saved) node_.announce(ca::crl_announcement);
    co_return is_saved;
}

base::Task<std::optional<ca::SignedCrl>> PostgresRepository::find_crl(ca::CrlId list) {
    const auto answer = co_await run(crl_of_list, list);
    co_return answer.first(read_signed_crl<PostgresRow>);
}

base::Task<std::size_t> PostgresRepository::wish_for_crls(std::optional<ca::IssuerId> issuer) {
    const auto answer = co_await run(wish, issuer);
    co_return static_cast<std::size_t>(answer.affected());
}

}  // namespace cairn::store
