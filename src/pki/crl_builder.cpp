#include "pki/crl_builder.h"

#include <array>
#include <stdexcept>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "pki/extension.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

using asn1::Writer;

void write_entry(Writer& writer, const RevokedCertificate& revoked) {
    constexpr std::uint8_t enumerated = 0x0a;
    writer.nested(asn1::tag::sequence, [&] {
        writer.element(asn1::tag::integer, revoked.serial.der_content());
        writer.time(revoked.at);
        if (revoked.reason == CrlReason::unspecified) return;  // RFC 5280 section 5.3.1
        writer.nested(asn1::tag::sequence, [&] {
            write_extension(writer, asn1::oid::crl_reason, Criticality::non_critical, [&] {
                const std::array code{static_cast<std::uint8_t>(revoked.reason)};
                writer.element(enumerated, code);
            });
        });
    });
}

void write_number(Writer& writer, std::uint64_t number) {
    std::array<std::uint8_t, 9> octets{};
    for (std::size_t i = octets.size() - 1; i > 0; --i, number >>= 8U)
        octets.at(i) = static_cast<std::uint8_t>(number & 0xffU);
    // The shortest that is not negative.
    std::size_t start = 0;
    while (start + 1 < octets.size() && octets.at(start) == 0 &&
           (octets.at(start + 1) & 0x80U) == 0)
        ++start;
    write_extension(writer, asn1::oid::crl_number, Criticality::non_critical, [&] {
        writer.element(asn1::tag::integer, base::BytesView(octets).subspan(start));
    });
}

void write_authority_key_id(Writer& writer, base::BytesView key_id) {
    write_extension(writer, asn1::oid::authority_key_identifier, Criticality::non_critical, [&] {
        writer.nested(asn1::tag::sequence, [&] { writer.element(asn1::tag::context(0), key_id); });
    });
}

void write_distribution_point(Writer& writer, const std::string& url) {
    constexpr std::array<std::uint8_t, 1> yes{0xff};
    write_extension(writer, asn1::oid::issuing_distribution_point, Criticality::critical, [&] {
        writer.nested(asn1::tag::sequence, [&] {
            writer.nested(asn1::tag::context_constructed(0), [&] {
                writer.nested(asn1::tag::context_constructed(0),
                              [&] { writer.element(asn1::tag::context(6), url); });
            });
            writer.element(asn1::tag::context(1), yes);
        });
    });
}

}  // namespace

base::Bytes draft_crl(const CrlFields& fields, const Certificate& issuer) {
    if (!issuer.subject_key_id())
        throw std::logic_error("the issuer has no subject key identifier");
    if (fields.next_update < fields.this_update)
        throw std::invalid_argument("a list ends before it begins");
    Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.small_integer(1);
        writer.raw(signature_algorithm_for(issuer.public_key()));
        writer.raw(issuer.subject_name());
        writer.time(fields.this_update);
        writer.time(fields.next_update);
        if (!fields.revoked.empty()) {
            writer.nested(asn1::tag::sequence, [&] {
                for (const auto& revoked : fields.revoked) write_entry(writer, revoked);
            });
        }
        writer.nested(asn1::tag::context_constructed(0), [&] {
            writer.nested(asn1::tag::sequence, [&] {
                write_authority_key_id(writer, *issuer.subject_key_id());
                write_number(writer, fields.number);
                if (!fields.distribution_point.empty())
                    write_distribution_point(writer, fields.distribution_point);
            });
        });
    });
    return std::move(writer).take();
}

}  // namespace cairn::pki
