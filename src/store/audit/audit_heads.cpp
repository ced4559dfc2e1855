#include "store/audit/audit_heads.h"

#include <utility>

#include "ca/ports/repository.h"

namespace cairn::store {

namespace {

constexpr base::Milliseconds between_heads{1000};

}  // namespace

AuditHeads::AuditHeads(crypto::PrivateKey key, std::function<ca::AuditPosition()> position,
                       ca::AuditStore& store, const base::Clock& clock, base::Log& log)
    : key_(std::move(key)),
      position_(std::move(position)),
      store_(store),
      clock_(clock),
      log_(log),
      tasks_([this](std::exception_ptr error) {
          try {
              std::rethrow_exception(std::move(error));
          } catch (const std::exception& exception) {
              log_.error("heads of the audit log are not kept any more",
                         {{"reason", exception.what()}});
          }
      }) {}

void AuditHeads::start(const base::Executor& executor) {
    tasks_.spawn(executor, keep_up());
}

void AuditHeads::stop() {
    tasks_.close(base::Milliseconds(0));
}

base::Task<void> AuditHeads::keep_up() {
    for (;;) {
        try {
            co_await save();
            waits_for_store_ = false;
        } catch (const ca::StoreFailure& error) {
            if (!std::exchange(waits_for_store_, true))
                log_.warning("heads of the audit log wait for the store",
                             {{"reason", error.what()}});
        }
        co_await base::sleep_for(between_heads);
    }
}

base::Task<void> AuditHeads::save() {
    const auto position = position_();
    if (saved_ ? position == *saved_ : position.sequence == 0) co_return;
    const auto head = ca::AuditHead::signed_by(key_, position, clock_.now());
    // Two nodes with one chain may be ahead of each other by turns, and then each would find an
    // older head than its own. What was saved must be what this node has saved.
    const auto present = co_await store_.find_audit_head(head.chain);
    if (saved_ && (!present || (present->position != *saved_ && present->position != tried_)))
        doubt(position, present);
    tried_ = position;
    if (!co_await store_.save_audit_head(head)) {
        // At the start it is the one that was saved last.
        const auto farther = co_await store_.find_audit_head(head.chain);
        if (!farther || farther->position != position) doubt(position, farther);
    }
    saved_ = position;
}

void AuditHeads::doubt(const ca::AuditPosition& position,
                       const std::optional<ca::AuditHead>& present) {
    if (std::exchange(is_doubted_, true)) return;
    log_.error("the store has a head of this node's audit log that this node has not saved",
               {{"line", position.sequence},
                {"signed_line", present ? present->position.sequence : 0},
                {"advice",
                 "two nodes may have the same audit folder: each must have its own; or the "
                 "log was cut, which cairn-ca audit verify tells"}});
}

}  // namespace cairn::store
