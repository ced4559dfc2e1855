#pragma once

#include "pki/crl.h"
#include "protocol/revocation.h"

namespace cairn::ca {

/// How lists and OCSP tell a reason (RFC 5280 section 5.3.1).
[[nodiscard]] pki::CrlReason crl_reason_of(protocol::RevocationReason reason);

}  // namespace cairn::ca
