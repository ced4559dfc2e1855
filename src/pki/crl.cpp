#include "pki/crl.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "pki/crl_parts.h"
#include "pki/extension.h"
#include "pki/general_names.h"
#include "pki/name.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

void read_entry(asn1::Reader entry, CrlParts& parts, asn1::Failure& failure) {
    constexpr std::uint8_t enumerated = 0x0a;
    auto serial = SerialNumber::from_der_content(
        entry.element(asn1::tag::integer, "a serial number").content);
    const auto at = entry.time("the date of a revocation");
    auto reason = CrlReason::unspecified;
    if (entry.next_is(asn1::tag::sequence)) {
        const auto extensions = read_extensions(entry);
        for (const ExtensionView& extension : extensions) {
            const bool is_known =
                std::ranges::equal(extension.object_id, asn1::oid::crl_reason) ||
                std::ranges::equal(extension.object_id, asn1::oid::invalidity_date);
            if (!is_known && extension.criticality == Criticality::critical)
                entry.fail("an entry has a critical extension that is not known");
        }
        read_value(
            extensions, asn1::oid::crl_reason, "a reason", failure, [&](asn1::Reader& value) {
                const auto known = crl_reason_from(value.element(enumerated, "a reason").content);
                if (known)
                    reason = *known;
                else
                    value.fail("a reason is unknown");
            });
    }
    entry.end("an entry");
    if (failure) return;
    if (!serial)
        entry.fail(serial.error().message);
    else
        parts.revoked.push_back({*std::move(serial), at, reason});
}

// IssuingDistributionPoint, RFC 5280 section 5.2.5.
void read_distribution_point(asn1::Reader& value, CrlParts& parts) {
    constexpr std::string_view what = "the issuing distribution point";
    asn1::Reader fields = value.inside(asn1::tag::sequence, what);
    parts.distribution_point.emplace();
    if (fields.next_is(asn1::tag::context_constructed(0))) {
        asn1::Reader name = fields.inside(asn1::tag::context_constructed(0), what);
        asn1::Reader full = name.inside(asn1::tag::context_constructed(0), what);
        const auto url = base::text_of(full.element(asn1::tag::context(6), what).content);
        full.end(what);
        name.end(what);
        if (!is_visible_ascii(url)) full.fail("a distribution point is no URL");
        parts.distribution_point = url;
    }
    if (fields.next_is(asn1::tag::context(1))) {
        const auto flag = fields.element(what).content;
        if (flag.size() != 1 || flag[0] != 0xff)
            fields.fail("onlyContainsUserCerts is spelled out although it is not TRUE");
        parts.only_user_certificates = true;
    }
    // Lists of CAs alone, of some reasons, of other issuers.
    fields.end(what);
}

void read_crl_extensions(CrlParts& parts, asn1::Failure& failure) {
    constexpr std::array known{base::BytesView(asn1::oid::authority_key_identifier),
                               base::BytesView(asn1::oid::crl_number),
                               base::BytesView(asn1::oid::issuing_distribution_point)};
    for (const ExtensionView& extension : parts.extensions) {
        const bool is_known = std::ranges::any_of(known, [&](base::BytesView object_id) {
            return std::ranges::equal(extension.object_id, object_id);
        });
        if (!is_known && extension.criticality == Criticality::critical && !failure)
            failure.emplace("the list has a critical extension that is not known");
    }
    read_value(parts.extensions, asn1::oid::crl_number, "the CRL number", failure,
               [&](asn1::Reader& value) {
                   parts.number = value.element(asn1::tag::integer, "the CRL number").content;
               });
    read_value(parts.extensions, asn1::oid::authority_key_identifier, "authorityKeyIdentifier",
               failure, [&](asn1::Reader& value) {
                   asn1::Reader fields =
                       value.inside(asn1::tag::sequence, "authorityKeyIdentifier");
                   if (fields.next_is(asn1::tag::context(0)))
                       parts.authority_key_id = fields.element("keyIdentifier").content;
               });
    read_value(parts.extensions, asn1::oid::issuing_distribution_point,
               "the issuing distribution point", failure,
               [&](asn1::Reader& value) { read_distribution_point(value, parts); });
}

}  // namespace

std::optional<CrlReason> crl_reason_from(base::BytesView enumerated) {
    using enum CrlReason;
    if (enumerated.size() != 1) return std::nullopt;
    const auto reason = static_cast<CrlReason>(enumerated[0]);
    switch (reason) {
        case unspecified:
        case key_compromise:
        case ca_compromise:
        case affiliation_changed:
        case superseded:
        case cessation_of_operation:
        case certificate_hold:
        case remove_from_crl:
        case privilege_withdrawn:
        case aa_compromise:
            return reason;
    }
    return std::nullopt;
}

CrlParts read_crl_parts(asn1::Reader& reader, asn1::Failure& failure) {
    CrlParts parts;
    asn1::Reader fields = reader.inside(asn1::tag::sequence, "tbsCertList");
    parts.version = fields.element(asn1::tag::integer, "the version").content;
    parts.algorithm = fields.element(asn1::tag::sequence, "the signature algorithm").whole;
    parts.issuer_name = fields.element(asn1::tag::sequence, "the issuer").whole;
    asn1::Reader issuer(parts.issuer_name, failure);
    static_cast<void>(read_common_names(issuer, "the issuer"));
    parts.this_update = fields.time("thisUpdate");
    parts.next_update = fields.time("nextUpdate");
    if (fields.next_is(asn1::tag::sequence)) {
        asn1::Reader entries = fields.inside(asn1::tag::sequence, "the entries");
        // RFC 5280 section 5.1.2.6: no list of nothing.
        if (entries.at_end()) entries.fail("the list of entries is empty");
        while (!entries.at_end())
            read_entry(entries.inside(asn1::tag::sequence, "an entry"), parts, failure);
    }
    asn1::Reader extensions = fields.inside(asn1::tag::context_constructed(0), "the extensions");
    parts.extensions = read_extensions(extensions);
    extensions.end("the extensions");
    fields.end("tbsCertList");
    read_crl_extensions(parts, failure);
    return parts;
}

base::Result<Crl> Crl::from_der(base::BytesView der) {
    if (der.size() > max_size)
        return base::fail(fmt::format("the list has more than {} octets", max_size));
    if (const auto sound = asn1::check(der); !sound)
        return std::unexpected(sound.error().within("the list is not DER"));
    asn1::Failure failure;
    asn1::Reader reader(der, failure);
    asn1::Reader list = reader.inside(asn1::tag::sequence, "the list");
    auto parts = read_crl_parts(list, failure);
    const auto algorithm = list.element(asn1::tag::sequence, "the signature algorithm").whole;
    static_cast<void>(list.octet_aligned_bits("the signature"));
    list.end("the list");
    if (!std::ranges::equal(algorithm, parts.algorithm))
        list.fail("the two signature algorithms differ (RFC 5280 section 5.1.1.2)");
    if (parts.version.size() != 1 || parts.version[0] != 1) list.fail("the version is not 2");
    if (!parts.number) list.fail("the CRL number is missing (RFC 5280 section 5.2.3)");
    if (failure) return std::unexpected(*failure);

    Crl crl;
    crl.der_ = base::copy_of(der);
    crl.issuer_name_ = base::copy_of(parts.issuer_name);
    crl.number_ = base::copy_of(*parts.number);
    crl.this_update_ = parts.this_update;
    crl.next_update_ = parts.next_update;
    if (parts.authority_key_id) crl.authority_key_id_ = base::copy_of(*parts.authority_key_id);
    crl.distribution_point_ = std::move(parts.distribution_point).value_or("");
    crl.revoked_ = std::move(parts.revoked);
    return crl;
}

bool Crl::is_signed_by(const Certificate& issuer) const {
    if (issuer_name_ != issuer.subject_name()) return false;
    asn1::Failure failure;
    asn1::Reader reader(der_, failure);
    asn1::Reader list = reader.inside(asn1::tag::sequence, "the list");
    const auto to_be_signed = list.element(asn1::tag::sequence, "tbsCertList").whole;
    const auto algorithm = list.element(asn1::tag::sequence, "the signature algorithm").whole;
    const auto signature = list.octet_aligned_bits("the signature");
    return !failure && verify_x509(issuer.public_key(), algorithm, to_be_signed, signature);
}

}  // namespace cairn::pki
