#pragma once
// Private to the .cpp files of store: a call of the store that stands in the audit log.

#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ca/ports/audit.h"
#include "ca/ports/repository.h"

namespace cairn::store {

/// Notes that what line `act` tells of did not take place.
inline void note_undone(ca::Audit& audit, std::uint64_t act, std::string_view reason) {
    ca::AuditEntry entry(ca::AuditEvent::undone);
    entry.add("act", act).add("reason", reason);
    audit.note(std::move(entry));
}

/// Records `entry`, then awaits `call`. `undone` says of its result why it did nothing, or nothing
/// at all.
template <class Value, class Undone>
base::Task<Value> audited(ca::Audit& audit, ca::AuditEntry entry, base::Task<Value> call,
                          Undone undone) {
    auto recording = audit.record(std::move(entry));
    const auto act = co_await std::move(recording);
    try {
        if constexpr (std::is_void_v<Value>) {
            co_await std::move(call);
        } else {
            auto value = co_await std::move(call);
            const std::string_view reason = undone(std::as_const(value), act);
            if (!reason.empty()) note_undone(audit, act, reason);
            co_return value;
        }
    } catch (const ca::OutcomeUnknown& error) {
        note_undone(audit, act, std::string("not known: ") + error.what());
        throw;
    } catch (const ca::StoreFailure& error) {
        note_undone(audit, act, error.what());
        throw;
    }
}

/// The same of a call that does something whenever it returns.
inline base::Task<void> audited(ca::Audit& audit, ca::AuditEntry entry, base::Task<void> call) {
    return audited(audit, std::move(entry), std::move(call), [] {});
}

/// The same of a call whose result is false, or nothing, where it did nothing.
template <class Value>
base::Task<Value> audited_if(ca::Audit& audit, ca::AuditEntry entry, base::Task<Value> call,
                             std::string_view otherwise) {
    return audited(audit, std::move(entry), std::move(call),
                   [otherwise](const Value& value, std::uint64_t) {
                       return value ? std::string_view() : otherwise;
                   });
}

}  // namespace cairn::store
