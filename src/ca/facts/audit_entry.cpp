#include "ca/facts/audit_entry.h"

#include "base/enum_table.h"
#include "base/json_quoted.h"

namespace cairn::ca {

namespace {

using enum AuditEvent;
constexpr base::EnumTable<AuditEvent, std::string_view> words({
    {account_create, "account.create"},
    {account_update, "account.update"},
    {account_change_key, "account.change_key"},
    {account_deactivate, "account.deactivate"},
    {account_scope, "account.scope"},
    {order_create, "order.create"},
    {order_reuse, "order.reuse"},
    {authorization_create, "authorization.create"},
    {authorization_deactivate, "authorization.deactivate"},
    {validation_begin, "validation.begin"},
    {validation_seen, "validation.seen"},
    {validation_try, "validation.try"},
    {validation_end, "validation.end"},
    {issuance_begin, "issuance.begin"},
    {issuance_pin, "issuance.pin"},
    {issuance_fail, "issuance.fail"},
    {certificate_issue, "certificate.issue"},
    {certificate_add, "certificate.add"},
    {certificate_revoke, "certificate.revoke"},
    {key_compromise, "key.compromise"},
    {key_block, "key.block"},
    {key_create, "key.create"},
    {issuer_save, "issuer.save"},
    {issuer_retire, "issuer.retire"},
    {issuer_reinstate, "issuer.reinstate"},
    {external_key_create, "eab.create"},
    {external_key_revoke, "eab.revoke"},
    {limit_override, "limit.override"},
    {limit_remove_override, "limit.remove_override"},
    {limit_reset, "limit.reset"},
    {pull_forward_create, "renewal.pull_forward"},
    {pull_forward_remove, "renewal.cancel"},
    {crl_save, "crl.save"},
    {crl_wish, "crl.wish"},
    {objects_remove, "objects.remove"},
    {signature, "signature"},
    {operation_begin, "operation.begin"},
    {operation_end, "operation.end"},
    {server_start, "server.start"},
    {server_reload, "server.reload"},
    {server_stop, "server.stop"},
    {undone, "undone"},
    {log_torn, "log.torn"},
    {log_gap, "log.gap"},
    {log_damaged, "log.damaged"},
    {log_remove, "log.remove"},
    {log_lost, "log.lost"},
    {caa_seen, "caa.seen"},
});

}  // namespace

std::string_view to_string(AuditEvent event) {
    return words[event];
}

AuditEntry& AuditEntry::append(std::string_view name, std::string_view json) {
    constexpr std::string_view cut = ",\"cut\":true";
    if (is_cut_) return *this;
    if (members_.size() + name.size() + json.size() + cut.size() + 4 > most) {
        members_ += cut;
        is_cut_ = true;
        return *this;
    }
    members_ += ",\"";
    members_ += name;
    members_ += "\":";
    members_ += json;
    return *this;
}

AuditEntry& AuditEntry::add(std::string_view name, std::string_view text) {
    if (text.empty()) return *this;
    // Escaping makes six characters of one at most.
    if (text.size() > most / 6) return append(name, base::json_quoted(text));
    if (is_cut_ || members_.size() + 6 * text.size() + name.size() + 32 > most)
        return append(name, base::json_quoted(text));
    members_ += ",\"";
    members_ += name;
    members_ += "\":";
    base::append_json_quoted(members_, text);
    return *this;
}

AuditEntry& AuditEntry::add(std::string_view name, std::uint64_t number) {
    return append(name, std::to_string(number));
}

AuditEntry& AuditEntry::add(std::string_view name, base::Time time) {
    return add(name, std::string_view(base::to_rfc3339(time)));
}

AuditEntry& AuditEntry::add(std::string_view name, const crypto::Sha256Digest& digest) {
    return add(name, std::string_view(base::to_hex(digest)));
}

AuditEntry& AuditEntry::add(std::string_view name, std::span<const std::string> texts) {
    if (texts.empty()) return *this;
    std::string json = "[";
    for (const auto& text : texts) {
        if (json.size() > 1) json += ',';
        base::append_json_quoted(json, text);
    }
    return append(name, json + "]");
}

AuditEntry& AuditEntry::add(std::string_view name, std::span<const AuditEntry> entries) {
    if (entries.empty()) return *this;
    std::string json = "[";
    for (const auto& entry : entries) {
        if (json.size() > 1) json += ',';
        const std::string_view members = entry.members_;
        json += '{';
        json += members.empty() ? members : members.substr(1);
        json += '}';
    }
    return append(name, json + "]");
}

AuditEntry& AuditEntry::add(const protocol::Problem& problem) {
    add("outcome", to_string(problem.type));
    return add("detail", std::string_view(problem.detail));
}

}  // namespace cairn::ca
