#pragma once
// Private to pki: the table of what is wrong with a certificate that is about to be signed.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "asn1/der.h"
#include "base/result.h"
#include "pki/certificate_builder.h"
#include "pki/certificate_profile.h"
#include "pki/extension.h"

namespace cairn::pki {

/// A TBSCertificate taken apart; views into its encoding.
struct DraftParts {
    base::BytesView version, serial, algorithm, issuer_name, subject, key;
    base::Time not_before, not_after;
    std::vector<asn1::Element> common_names;
    std::vector<ExtensionView> extensions;
    /// Of the subjectAltName, if there is one.
    SubjectNames names;
};

/// What a rule looks at.
struct LintSubject {
    const DraftParts& draft;
    const ServerCertificateFields& wanted;
    const Certificate& issuer;
    /// Null: the octets were drawn up under a profile that may have changed since.
    const CertificateProfile* profile;
    /// What could not be read, of all rules together.
    asn1::Failure& failure;
};

/// What one rule finds.
using LintFindings = std::vector<std::string>;

/// Adds the text if it is so.
inline void add_if(bool is_wrong, std::string_view text, LintFindings& findings) {
    if (is_wrong) findings.emplace_back(text);
}

struct LintRule {
    /// By which tables and logs name it; unlike those of all other rules.
    std::string_view id;
    /// Of the standard that it is from; empty for what the CA itself chose.
    std::string_view section;
    enum class Scope {
        always,        ///< for every certificate
        public_trust,  ///< where the profile does not say that it is a private CA's
        profile,       ///< where the profile is known by which the octets were drawn up
    } scope;
    void (*check)(const LintSubject& subject, LintFindings& findings);

    /// Whether the rule is for a certificate of this profile, or of an unknown one (null).
    [[nodiscard]] bool is_for(const CertificateProfile* known) const {
        return scope == Scope::always ||
               (known != nullptr && (scope == Scope::profile || known->public_trust));
    }
};

/// About version, serial number, issuer, validity, key, subject and names.
[[nodiscard]] std::span<const LintRule> lint_rules_of_fields();
/// About extensions.
[[nodiscard]] std::span<const LintRule> lint_rules_of_extensions();

}  // namespace cairn::pki
