#pragma once
// Private to ca: how what perspectives saw is told to clients, to the audit log and to the
// operator.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "ca/facts/audit_entry.h"
#include "ca/facts/evidence.h"
#include "protocol/problem.h"

namespace cairn::ca {

/// `problem`; if several perspectives looked, with what each of them found against it.
[[nodiscard]] protocol::Problem with_findings(protocol::Problem problem,
                                              std::span<const Evidence> evidence);

/// What each perspective saw, as a list of an entry of the audit log.
[[nodiscard]] std::vector<AuditEntry> perspective_entries(AuditEvent event,
                                                          std::span<const Evidence> evidence);

/// Logs, if CAA records forbade issuance, what forbade it and where the owner of the name wants to
/// be told (RFC 8659 section 4.4): to do that is left to the operator. `noun` names what `id` is.
void tell_of_forbidden(base::Log& log, std::string_view noun, const std::string& id,
                       const std::string& request, std::span<const Evidence> evidence);

}  // namespace cairn::ca
