#pragma once
// Private to admin: certificates that were issued.

#include "admin/operation.h"

namespace cairn::admin {

/// `certificate list`: the newest first, in pages, chosen by all that is known of them.
[[nodiscard]] Operation certificate_list();
/// `certificate show`: one certificate.
[[nodiscard]] Operation certificate_show();
/// `certificate search`: by a name, an address, a serial number or a key.
[[nodiscard]] Operation certificate_search();
/// `certificate revoke`: some by their names, or all of a choice whose number was said.
[[nodiscard]] Operation certificate_revoke();
/// `certificate export`: PEM, with the chain of the issuer if that is wanted.
[[nodiscard]] Operation certificate_export();

}  // namespace cairn::admin
