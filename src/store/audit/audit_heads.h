#pragma once

#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/ports/audit_store.h"
#include "crypto/key.h"

namespace cairn::store {

/// Signs heads of this node's audit log and keeps them in the store, every second in which there
/// are new lines. Nobody waits for it: a line is durable in the log without it, and who cuts off
/// what was written within the last second is not found out.
class AuditHeads {
  public:
    /// `position`: how far the log is on the disk. The key is the node's own, and signs nothing
    /// else.
    AuditHeads(crypto::PrivateKey key, std::function<ca::AuditPosition()> position,
               ca::AuditStore& store, const base::Clock& clock, base::Log& log);

    /// On an executor that runs one handler at a time.
    void start(const base::Executor& executor);
    void stop();
    /// Once. After `stop`, or by itself.
    [[nodiscard]] base::Task<void> save();

  private:
    base::Task<void> keep_up();
    /// Says, once, that somebody else saves heads of this chain: `present` is one of theirs.
    void doubt(const ca::AuditPosition& position, const std::optional<ca::AuditHead>& present);

    const crypto::PrivateKey key_;
    const std::function<ca::AuditPosition()> position_;
    ca::AuditStore& store_;
    const base::Clock& clock_;
    base::Log& log_;
    /// What this process has saved last, and what it may have: the answer was lost.
    std::optional<ca::AuditPosition> saved_, tried_;
    bool waits_for_store_ = false, is_doubted_ = false;
    base::TaskGroup tasks_;
};

}  // namespace cairn::store
