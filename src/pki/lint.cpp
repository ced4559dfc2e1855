#include "pki/lint.h"

#include <fmt/format.h>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "pki/general_names.h"
#include "pki/lint_rule.h"
#include "pki/name.h"

namespace cairn::pki {
namespace {

using Findings = std::vector<base::Error>;

DraftParts draft_parts(base::BytesView to_be_signed, asn1::Failure& failure) {
    DraftParts draft;
    asn1::Reader reader(to_be_signed, failure);
    asn1::Reader fields = reader.inside(asn1::tag::sequence, "tbsCertificate");
    reader.end("tbsCertificate");
    asn1::Reader version = fields.inside(asn1::tag::context_constructed(0), "the version");
    draft.version = version.element(asn1::tag::integer, "the version").content;
    draft.serial = fields.element(asn1::tag::integer, "the serial number").content;
    draft.algorithm = fields.element(asn1::tag::sequence, "the signature algorithm").whole;
    draft.issuer_name = fields.element(asn1::tag::sequence, "the issuer").whole;
    asn1::Reader validity = fields.inside(asn1::tag::sequence, "the validity");
    draft.not_before = validity.time("notBefore");
    draft.not_after = validity.time("notAfter");
    draft.subject = fields.element(asn1::tag::sequence, "the subject").whole;
    asn1::Reader subject(draft.subject, failure);
    draft.common_names = read_common_names(subject, "the subject");
    draft.key = fields.element(asn1::tag::sequence, "the public key").whole;
    asn1::Reader extensions = fields.inside(asn1::tag::context_constructed(3), "the extensions");
    draft.extensions = read_extensions(extensions);
    extensions.end("the extensions");
    fields.end("tbsCertificate");
    return draft;
}

void apply(const LintRule& rule, const LintSubject& subject, Findings& findings) {
    LintFindings found;
    rule.check(subject, found);
    for (auto& text : found)
        findings.emplace_back(rule.section.empty() ? std::move(text)
                                                   : fmt::format("{} ({})", text, rule.section));
}

}  // namespace

std::vector<base::Error> lint_server_certificate(base::BytesView to_be_signed,
                                                 const ServerCertificateFields& wanted,
                                                 const Certificate& issuer,
                                                 const CertificateProfile* profile) {
    if (const auto sound = asn1::check(to_be_signed); !sound)
        return {sound.error().within("the certificate is not DER")};
    asn1::Failure failure;
    DraftParts draft = draft_parts(to_be_signed, failure);
    if (failure) return {*failure};

    Findings findings;
    read_value(draft.extensions, asn1::oid::subject_alt_name, "subjectAltName", failure,
               [&](asn1::Reader& value) { draft.names = read_general_names(value, findings); });
    const LintSubject subject{draft, wanted, issuer, profile, failure};
    for (const auto rules : {lint_rules_of_fields(), lint_rules_of_extensions()})
        for (const LintRule& rule : rules)
            if (rule.is_for(profile)) apply(rule, subject, findings);
    if (failure) findings.push_back(*failure);
    return findings;
}

std::vector<LintRuleName> lint_rule_names() {
    std::vector<LintRuleName> names;
    for (const auto rules : {lint_rules_of_fields(), lint_rules_of_extensions()})
        for (const LintRule& rule : rules) names.push_back({rule.id, rule.section});
    return names;
}

}  // namespace cairn::pki
