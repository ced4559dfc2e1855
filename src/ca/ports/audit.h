#pragma once

#include <cstdint>

#include "base/task.h"
#include "ca/facts/audit_entry.h"

namespace cairn::ca {

/// The port to the audit log of this node: what it does, in the order in which it does it.
/// Thread-safe.
class Audit {
  public:
    virtual ~Audit() = default;

    /// Adds what is about to be done; the number of its line, once that is durable, with all that
    /// was added before. So whatever took effect stands in the log, whoever dies when. Throws
    /// StoreUnavailable, saying why, if it cannot be written: then it must not be done. The task
    /// resumes on the executor that it was awaited on.
    [[nodiscard]] virtual base::Task<std::uint64_t> record(AuditEntry entry) = 0;
    /// Adds what has happened, behind all that was added before. It is durable no later than what
    /// is recorded next, and soon by itself; where it cannot be written, it is tried again.
    virtual void note(AuditEntry entry) = 0;
    /// Throws StoreUnavailable, saying why, if the last entry could not be written and the next one
    /// could not either.
    [[nodiscard]] virtual base::Task<void> probe() = 0;
};

/// An audit log that forgets everything, and has no state.
[[nodiscard]] inline Audit& forgetful_audit() {
    class Forgetful final : public Audit {
        base::Task<std::uint64_t> record(AuditEntry) override { co_return 0; }
        void note(AuditEntry) override {}
        base::Task<void> probe() override { co_return; }
    };
    static Forgetful audit;
    return audit;
}

}  // namespace cairn::ca
