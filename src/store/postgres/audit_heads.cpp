#include "store/postgres/repository.h"
#include "store/stored_audit.h"

namespace cairn::store {
namespace {

using enum Statement::Effect;
using enum Statement::Transaction;

const Statement put_head{
    "save_audit_head",
    "INSERT INTO audit_heads AS h (chain, span, sequence, hash, at, key, signature)"
    " SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT FROM audit_heads f"
    " WHERE f.chain = $1 AND f.span >= $2 AND f.sequence >= $3)"
    " ON CONFLICT (chain, span) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash,"
    " at = excluded.at, key = excluded.key, signature = excluded.signature"
    " WHERE h.sequence < excluded.sequence",
    repeatable};
const Statement last_head_of{"find_audit_head",
                             "SELECT chain, sequence, hash, at, key, signature FROM audit_heads"
                             " WHERE chain = $1 ORDER BY span DESC LIMIT 1",
                             repeatable, shared};
const Statement heads_after{
    "list_audit_heads",
    "SELECT chain, sequence, hash, at, key, signature FROM audit_heads"
    " WHERE chain = $1 AND span >= $2 AND sequence > $3 ORDER BY chain, span"
    " LIMIT $4",
    repeatable, shared};
const Statement chains{"list_audit_chains",
                       "SELECT h.chain, sequence, hash, at, key, signature FROM audit_heads h"
                       " WHERE h.chain > $1 AND span = (SELECT m.span FROM audit_heads m"
                       " WHERE m.chain = h.chain ORDER BY m.span DESC LIMIT 1)"
                       " ORDER BY h.chain, span LIMIT $2",
                       repeatable, shared};

}  // namespace

base::Task<bool> PostgresRepository::save_audit_head(ca::AuditHead head) {
    const auto answer = co_await run(put_head, head.chain, span_of(head),
                                     static_cast<std::int64_t>(head.position.sequence),
                                     head.position.hash, head.at, head.key, head.signature);
    if (answer.affected() == 1 || !answer.follows_lost_answer()) co_return answer.affected() == 1;
    // What is there may be what an earlier sending wrote.
    const auto present = co_await find_audit_head(head.chain);
    co_return present == head;
}

base::Task<std::optional<ca::AuditHead>> PostgresRepository::find_audit_head(
    ca::AuditChainId chain) {
    const auto answer = co_await run(last_head_of, chain);
    auto heads = answer.each(read_audit_head<PostgresRow>);
    if (heads.empty()) co_return std::nullopt;
    co_return std::move(heads.front());
}

base::Task<std::vector<ca::AuditHead>> PostgresRepository::list_audit_heads(ca::AuditChainId chain,
                                                                            std::uint64_t after,
                                                                            std::size_t limit) {
    const auto answer =
        co_await run(heads_after, chain, static_cast<std::int64_t>(after / audit_span),
                     static_cast<std::int64_t>(after), static_cast<std::int64_t>(limit));
    co_return answer.each(read_audit_head<PostgresRow>);
}

base::Task<std::vector<ca::AuditHead>> PostgresRepository::list_audit_chains(
    std::optional<ca::AuditChainId> after, std::size_t limit) {
    const auto behind = after ? base::copy_of(*after) : base::Bytes();
    const auto answer = co_await run(chains, behind, static_cast<std::int64_t>(limit));
    co_return answer.each(read_audit_head<PostgresRow>);
}

}  // namespace cairn::store
