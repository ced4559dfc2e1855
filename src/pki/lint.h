#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"

namespace cairn::pki {

/// What is wrong with a certificate for a TLS server that is about to be signed, judged by the
/// standards alone: RFC 5280 and the Baseline Requirements' profile of a domain validated
/// certificate (BR 7.1.2.7). `to_be_signed` is the DER of its TBSCertificate. It is read anew, so
/// that a mistake of whoever put it together is found; `key` is the one that it must be for. Each
/// finding names the section that it offends. Empty: nothing is wrong.
[[nodiscard]] std::vector<base::Error> lint_server_certificate(base::BytesView to_be_signed,
                                                               const Certificate& issuer,
                                                               const crypto::PublicKey& key);

}  // namespace cairn::pki
