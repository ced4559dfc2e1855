#pragma once

#include <filesystem>

#include "apps/ca/configuration.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "crypto/key.h"
#include "store/audit/audit_heads.h"
#include "store/audit/audit_log.h"

namespace cairn::apps {

/// Where the audit log of the CA in `folder` is.
[[nodiscard]] std::filesystem::path audit_folder(const Configuration::Audit& configuration,
                                                 const std::filesystem::path& folder);

/// Makes the folder of an audit log, for its owner alone, if it is not there. Throws
/// std::runtime_error naming it and the reason.
void make_audit_folder(const std::filesystem::path& place);

/// Whether the log in this folder has the key of a node, which signs its heads.
[[nodiscard]] bool has_audit_key(const std::filesystem::path& place);

/// The audit log of this node, and the key that signs its heads.
class NodeAudit {
  public:
    /// Makes the log's folder and key if they are not there. `store` keeps the heads; it is asked
    /// on `executor`, which runs elsewhere, for the last one. Throws std::runtime_error, saying
    /// why, if the log cannot be used, and what the store throws.
    NodeAudit(const Configuration::Audit& configuration, const std::filesystem::path& folder,
              ca::Repository& store, const base::Executor& executor, const base::Clock& clock,
              base::Log& log, ca::Observer& observer);

    [[nodiscard]] ca::Audit& log() { return log_; }
    /// As its heads name it.
    [[nodiscard]] const ca::AuditChainId& chain() const { return chain_; }
    /// Signs heads from now on, on an executor that runs one handler at a time.
    void start(const base::Executor& executor) { heads_.start(executor); }
    void stop() { heads_.stop(); }
    /// Signs the head of all that was told until now. After `stop`, or by itself.
    [[nodiscard]] base::Task<void> save_head();

  private:
    struct Beginning;
    NodeAudit(Beginning beginning, ca::Repository& store, const base::Executor& executor,
              const base::Clock& clock, base::Log& log, ca::Observer& observer);

    const ca::AuditChainId chain_;
    store::AuditLog log_;
    store::AuditHeads heads_;
};

}  // namespace cairn::apps
