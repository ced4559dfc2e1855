#include "store/sqlite/repository.h"
#include "store/stored_audit.h"

namespace cairn::store {

base::Task<bool> SqliteRepository::save_audit_head(ca::AuditHead head) {
    auto step = [&](Connection& connection) {
        return connection.execute(
                   "INSERT INTO audit_heads (chain, span, sequence, hash, at, key, signature)"
                   " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS"
                   " (SELECT 1 FROM audit_heads WHERE chain = ?1 AND span >= ?2 AND sequence >= ?3)"
                   " ON CONFLICT (chain, span) DO UPDATE SET sequence = ?3, hash = ?4, at = ?5,"
                   " key = ?6, signature = ?7",
                   head.chain, span_of(head), static_cast<std::int64_t>(head.position.sequence),
                   head.position.hash, head.at, head.key, head.signature) == 1;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::optional<ca::AuditHead>> SqliteRepository::find_audit_head(ca::AuditChainId chain) {
    co_return readers_.read([&](Connection& connection) {
        return connection.find(
            "SELECT chain, sequence, hash, at, key, signature FROM audit_heads"
            " WHERE chain = ? ORDER BY span DESC LIMIT 1",
            read_audit_head<Columns>, chain);
    });
}

base::Task<std::vector<ca::AuditHead>> SqliteRepository::list_audit_heads(ca::AuditChainId chain,
                                                                          std::uint64_t after,
                                                                          std::size_t limit) {
    const auto span = static_cast<std::int64_t>(after / audit_span);
    co_return readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT chain, sequence, hash, at, key, signature FROM audit_heads"
            " WHERE chain = ? AND span >= ? AND sequence > ? ORDER BY span LIMIT ?",
            read_audit_head<Columns>, chain, span, static_cast<std::int64_t>(after),
            static_cast<std::int64_t>(limit));
    });
}

base::Task<std::vector<ca::AuditHead>> SqliteRepository::list_audit_chains(
    std::optional<ca::AuditChainId> after, std::size_t limit) {
    const auto behind = after ? base::copy_of(*after) : base::Bytes();
    co_return readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT chain, sequence, hash, at, key, signature FROM audit_heads h"
            " WHERE chain > ? AND span = (SELECT max(span) FROM audit_heads m"
            " WHERE m.chain = h.chain) ORDER BY chain LIMIT ?",
            read_audit_head<Columns>, behind, static_cast<std::int64_t>(limit));
    });
}

}  // namespace cairn::store
