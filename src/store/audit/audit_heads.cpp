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
    if (position.sequence == saved_) co_return;
    const auto head = ca::AuditHead::signed_by(key_, position, clock_.now());
    const bool is_saved = co_await store_.save_audit_head(head);
    saved_ = position.sequence;
    if (is_saved) co_return;
    // At the start it is the one that was saved last.
    const auto present = co_await store_.find_audit_head(head.chain);
    if (present && present->position == position) co_return;
    if (!std::exchange(is_doubted_, true))
        log_.error("the store has a head of this node's audit log that is farther than the log",
                   {{"line", position.sequence},
                    {"signed_line", present ? present->position.sequence : 0},
                    {"advice",
                     "two nodes may have the same audit folder: each must have its own; or the "
                     "log was cut, which cairn-ca audit verify tells"}});
}

}  // namespace cairn::store
