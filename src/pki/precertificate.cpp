#include "pki/precertificate.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "pki/extension.h"

namespace cairn::pki {
namespace {

constexpr std::uint8_t extensions_tag = asn1::tag::context_constructed(3);

/// A TBSCertificate taken apart as far as its extensions.
struct CertificateParts {
    base::BytesView before_extensions;
    std::vector<asn1::Element> extensions;
};

CertificateParts certificate_parts(base::BytesView to_be_signed, asn1::Failure& failure) {
    CertificateParts parts;
    asn1::Reader reader(to_be_signed, failure);
    const auto whole = reader.element(asn1::tag::sequence, "tbsCertificate");
    reader.end("tbsCertificate");
    asn1::Reader fields(whole.content, failure);
    std::size_t size = 0;
    while (!fields.at_end() && !fields.next_is(extensions_tag))
        size += fields.element("a field").whole.size();
    parts.before_extensions = whole.content.first(std::min(size, whole.content.size()));
    asn1::Reader outer = fields.inside(extensions_tag, "the extensions");
    asn1::Reader list = outer.inside(asn1::tag::sequence, "the extensions");
    while (!list.at_end())
        parts.extensions.push_back(list.element(asn1::tag::sequence, "an extension"));
    outer.end("the extensions");
    fields.end("tbsCertificate");
    return parts;
}

/// Puts a TBSCertificate together again; `write_more` writes what follows its extensions.
template <class WriteMore>
base::Bytes put_together(const CertificateParts& parts, const WriteMore& write_more) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.raw(parts.before_extensions);
        writer.nested(extensions_tag, [&] {
            writer.nested(asn1::tag::sequence, [&] {
                for (const auto& extension : parts.extensions) writer.raw(extension.whole);
                write_more(writer);
            });
        });
    });
    return std::move(writer).take();
}

void write_poison(asn1::Writer& writer) {
    write_extension(writer, asn1::oid::precertificate_poison, Criticality::critical,
                    [&] { writer.element(asn1::tag::null, base::BytesView()); });
}

/// An extension of any form with the poison's identifier.
bool is_poison(const asn1::Element& extension) {
    asn1::Failure failure;
    asn1::Reader parts(extension.content, failure);
    const auto object_id = parts.element(asn1::tag::object_identifier, "the identifier").content;
    return !failure && std::ranges::equal(object_id, asn1::oid::precertificate_poison);
}

}  // namespace

base::Bytes draft_precertificate(base::BytesView certificate) {
    asn1::Failure failure;
    const auto parts = certificate_parts(certificate, failure);
    if (failure) throw std::invalid_argument(failure->message);
    return put_together(parts, write_poison);
}

std::vector<base::Error> lint_precertificate(base::BytesView to_be_signed,
                                             base::BytesView certificate) {
    if (const auto sound = asn1::check(to_be_signed); !sound)
        return {sound.error().within("the precertificate is not DER")};
    asn1::Failure failure;
    auto parts = certificate_parts(to_be_signed, failure);
    if (failure) return {*failure};

    std::vector<base::Error> findings;
    asn1::Writer expected;
    write_poison(expected);
    if (std::ranges::count_if(parts.extensions, is_poison) != 1)
        findings.emplace_back("there is not one poison (RFC 6962 section 3.1)");
    for (const auto& extension : parts.extensions)
        if (is_poison(extension) && !std::ranges::equal(extension.whole, expected.view()))
            findings.emplace_back(
                "the poison is not critical, or does not hold NULL (RFC 6962 section 3.1)");
    std::erase_if(parts.extensions, is_poison);
    if (put_together(parts, [](asn1::Writer&) {}) != base::copy_of(certificate))
        findings.emplace_back(
            "without its poison it is not the certificate that it is for (RFC 6962 section 3.1)");
    return findings;
}

}  // namespace cairn::pki
