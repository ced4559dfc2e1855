#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ca/facts/id.h"
#include "crypto/digest.h"
#include "protocol/problem.h"

namespace cairn::ca {

/// What a line of the audit log tells of.
enum class AuditEvent {
    account_create,
    account_update,
    account_change_key,
    account_deactivate,
    account_scope,
    order_create,
    order_reuse,
    authorization_create,
    authorization_deactivate,
    validation_begin,
    validation_seen,
    validation_try,
    validation_end,
    issuance_begin,
    issuance_pin,
    issuance_fail,
    certificate_issue,
    certificate_add,
    certificate_revoke,
    key_compromise,
    key_block,
    key_create,
    issuer_save,
    issuer_retire,
    issuer_reinstate,
    external_key_create,
    external_key_revoke,
    limit_override,
    limit_remove_override,
    limit_reset,
    pull_forward_create,
    pull_forward_remove,
    crl_save,
    crl_wish,
    objects_remove,
    signature,
    operation_begin,
    operation_end,
    server_start,
    server_reload,
    server_stop,
    undone,
    log_torn,
    log_gap,
    log_damaged,
    log_remove,
    log_lost,
    caa_seen,
};
/// As the log has it: "account.create".
[[nodiscard]] std::string_view to_string(AuditEvent event);

/// What is told of one act: names and texts, in the order in which they were added. Where it is
/// written, a line gets its number, its time and its place in the chain (ca/facts/audit_line.h).
class AuditEntry {
  public:
    /// What an entry may hold, in octets of JSON; what does not fit is left out, and the entry says
    /// so.
    static constexpr std::size_t most = std::size_t{256} << 10U;

    explicit AuditEntry(AuditEvent event) : event_(event) {}

    /// Adds a member. `name` is plain ASCII. A text that is empty is not told.
    AuditEntry& add(std::string_view name, std::string_view text);
    AuditEntry& add(std::string_view name, std::uint64_t number);
    AuditEntry& add(std::string_view name, base::Time time);
    /// In hexadecimal.
    AuditEntry& add(std::string_view name, const crypto::Sha256Digest& digest);
    template <class Kind>
    AuditEntry& add(std::string_view name, const Id<Kind>& id) {
        return add(name, std::string_view(id.to_string()));
    }
    /// A list of texts; one without any is not told.
    AuditEntry& add(std::string_view name, std::span<const std::string> texts);
    /// A list of objects, each as the members of one of `entries`.
    AuditEntry& add(std::string_view name, std::span<const AuditEntry> entries);
    /// Its type as "outcome" and its words as "detail".
    AuditEntry& add(const protocol::Problem& problem);

    [[nodiscard]] AuditEvent event() const { return event_; }
    /// `,"name":value` for each of them.
    [[nodiscard]] const std::string& members() const { return members_; }

  private:
    /// Adds the member that `json` is, unless there is no room left.
    AuditEntry& append(std::string_view name, std::string_view json);

    AuditEvent event_;
    std::string members_;
    bool is_cut_ = false;
};

}  // namespace cairn::ca
