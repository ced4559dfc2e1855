#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "pki/certificate_builder.h"
#include "pki/certificate_profile.h"

namespace cairn::pki {

/// What is wrong with a certificate for a TLS server that is about to be signed, by a table of
/// rules: those of the standards (RFC 5280 and the Baseline Requirements' profile of a domain
/// validated certificate, BR 7.1.2.7), by what it must say of its subject, `wanted`, and, if there
/// is a `profile`, by what that says. Null stands for octets that were drawn up under a profile
/// that may have changed since: neither what it says is compared then, nor the common name, which
/// it decides. `to_be_signed` is the DER of the TBSCertificate. It is read anew, so that a mistake
/// of whoever put it together is found. Each finding names the section that it offends, if there is
/// one. Empty: nothing is wrong.
[[nodiscard]] std::vector<base::Error> lint_server_certificate(
    base::BytesView to_be_signed, const ServerCertificateFields& wanted, const Certificate& issuer,
    const CertificateProfile* profile);

/// A rule of the table, and the section that it is from; no section where the CA itself chose.
struct LintRuleName {
    std::string_view id, section;
};
[[nodiscard]] std::vector<LintRuleName> lint_rule_names();

}  // namespace cairn::pki
