#include "pki/ocsp_builder.h"

#include <array>
#include <stdexcept>
#include <string>

#include "asn1/der.h"
#include "pki/ocsp_parts.h"

namespace cairn::pki {
namespace {

using asn1::Writer;

void write_generalized_time(Writer& writer, base::Time time) {
    std::string text;
    base::append_date_and_time(text, time);
    std::erase_if(text, [](char c) { return c == '-' || c == 'T' || c == ':'; });
    writer.element(asn1::tag::generalized_time, text + 'Z');
}

void write_status(Writer& writer, const OcspStatus& status) {
    switch (status.kind) {
        case OcspStatus::Kind::good:
            writer.element(asn1::tag::context(0), base::BytesView());
            return;
        case OcspStatus::Kind::unknown:
            writer.element(asn1::tag::context(2), base::BytesView());
            return;
        case OcspStatus::Kind::revoked:
            break;
    }
    writer.nested(asn1::tag::context_constructed(1), [&] {
        write_generalized_time(writer, status.revoked_at);
        if (status.reason == CrlReason::unspecified) return;
        writer.nested(asn1::tag::context_constructed(0), [&] {
            constexpr std::uint8_t enumerated = 0x0a;
            const std::array code{static_cast<std::uint8_t>(status.reason)};
            writer.element(enumerated, code);
        });
    });
}

}  // namespace

base::Bytes draft_ocsp_response(const OcspFields& fields, const Certificate& issuer,
                                const Certificate& responder) {
    if (fields.next_update < fields.this_update)
        throw std::invalid_argument("a response ends before it begins");
    Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.nested(asn1::tag::context_constructed(2), [&] {
            writer.element(asn1::tag::octet_string, ocsp_key_hash(responder, OcspHash::sha1));
        });
        write_generalized_time(writer, fields.produced_at);
        writer.nested(asn1::tag::sequence, [&] {
            writer.nested(asn1::tag::sequence, [&] {
                write_cert_id(writer, OcspCertId::of(issuer, fields.serial, fields.hash));
                write_status(writer, fields.status);
                write_generalized_time(writer, fields.this_update);
                writer.nested(asn1::tag::context_constructed(0),
                              [&] { write_generalized_time(writer, fields.next_update); });
            });
        });
    });
    return std::move(writer).take();
}

}  // namespace cairn::pki
