#pragma once
// Private to the .cpp files of store: heads of audit logs in rows.

#include "ca/facts/audit_line.h"
#include "ca/ports/audit_store.h"
#include "store/stored_form.h"

namespace cairn::store {

/// Among which lines a head is the last one that is kept.
[[nodiscard]] inline std::int64_t span_of(const ca::AuditHead& head) {
    return static_cast<std::int64_t>(head.position.sequence / ca::AuditStore::audit_span);
}

/// chain, sequence, hash, at, key, signature.
template <class Row>
ca::AuditHead read_audit_head(Row& row) {
    const auto chain = digest_from(row.blob());
    const auto sequence = static_cast<std::uint64_t>(row.integer());
    const auto hash = digest_from(row.blob());
    const auto at = row.time();
    auto key = base::copy_of(row.blob());
    return {.chain = chain,
            .position = {.sequence = sequence, .hash = hash},
            .at = at,
            .key = std::move(key),
            .signature = base::copy_of(row.blob())};
}

}  // namespace cairn::store
