// Heads of audit logs of a MemoryRepository.
#include <limits>
#include <utility>

#include "ca/testing/memory_repository.h"

namespace cairn::ca::testing {

namespace {

constexpr auto no_bound = std::numeric_limits<std::uint64_t>::max();

}  // namespace

base::Task<bool> MemoryRepository::save_audit_head(AuditHead head) {
    return run(StoreCall::save_audit_head, [this, head = std::move(head)] {
        auto& heads = facts_->audit_heads;
        const auto behind = heads.upper_bound({head.chain, no_bound});
        if (behind != heads.begin()) {
            const auto& last = std::prev(behind)->second;
            if (last.chain == head.chain && last.position.sequence >= head.position.sequence)
                return false;
        }
        heads.insert_or_assign({head.chain, head.position.sequence / audit_span}, head);
        return true;
    });
}

base::Task<std::optional<AuditHead>> MemoryRepository::find_audit_head(AuditChainId chain) {
    return run(StoreCall::find_audit_head, [this, chain]() -> std::optional<AuditHead> {
        const auto& heads = facts_->audit_heads;
        const auto behind = heads.upper_bound({chain, no_bound});
        if (behind == heads.begin() || std::prev(behind)->second.chain != chain)
            return std::nullopt;
        return std::prev(behind)->second;
    });
}

base::Task<std::vector<AuditHead>> MemoryRepository::list_audit_heads(AuditChainId chain,
                                                                      std::uint64_t after,
                                                                      std::size_t limit) {
    return run(StoreCall::list_audit_heads, [this, chain, after, limit] {
        std::vector<AuditHead> found;
        for (const auto& [place, head] : facts_->audit_heads)
            if (head.chain == chain && head.position.sequence > after && found.size() < limit)
                found.push_back(head);
        return found;
    });
}

base::Task<std::vector<AuditHead>> MemoryRepository::list_audit_chains(
    std::optional<AuditChainId> after, std::size_t limit) {
    return run(StoreCall::list_audit_chains, [this, after, limit] {
        std::vector<AuditHead> found;
        for (const auto& [place, head] : facts_->audit_heads) {
            if (after && head.chain <= *after) continue;
            if (!found.empty() && found.back().chain == head.chain)
                found.back() = head;
            else if (found.size() < limit)
                found.push_back(head);
        }
        return found;
    });
}

}  // namespace cairn::ca::testing
