#pragma once
// Private to admin and the programs: audit logs.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "admin/operation.h"
#include "base/result.h"
#include "ca/facts/audit_line.h"

namespace cairn::admin {

/// `audit head`: what the store has of the audit logs of all nodes, signed.
[[nodiscard]] Operation audit_head();

/// `audit note`: somebody's words, in the audit log.
[[nodiscard]] Operation audit_note();

/// A head as answers have it.
[[nodiscard]] boost::json::object to_json(const ca::AuditHead& head);
/// The reverse. The error names what is wrong; one that nobody signed so is an error as well.
[[nodiscard]] base::Result<ca::AuditHead> audit_head_from(const boost::json::value& value);

}  // namespace cairn::admin
