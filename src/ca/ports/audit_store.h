#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/task.h"
#include "ca/facts/audit_line.h"

namespace cairn::ca {

/// What the CA keeps of the audit logs of its nodes, beside their files: signed heads, against
/// which a log is checked.
class AuditStore {
  public:
    virtual ~AuditStore() = default;

    /// Of the heads of a chain, the last one in each so many lines is kept: a line that was changed
    /// together with all behind it is found to lie between two of them.
    static constexpr std::uint64_t audit_span = 1000;

    /// Keeps a head. False, and nothing is kept, if its chain has one that is as far or farther.
    [[nodiscard]] virtual base::Task<bool> save_audit_head(AuditHead head) = 0;
    /// The head of a chain that is farthest.
    [[nodiscard]] virtual base::Task<std::optional<AuditHead>> find_audit_head(
        AuditChainId chain) = 0;
    /// The heads of a chain that are farther than `after`, in their order; at most `limit`.
    [[nodiscard]] virtual base::Task<std::vector<AuditHead>> list_audit_heads(
        AuditChainId chain, std::uint64_t after, std::size_t limit) = 0;
    /// The farthest head of each chain behind `after`, in the order of their ids; at most `limit`.
    [[nodiscard]] virtual base::Task<std::vector<AuditHead>> list_audit_chains(
        std::optional<AuditChainId> after, std::size_t limit) = 0;
};

}  // namespace cairn::ca
