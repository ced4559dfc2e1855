#include "pki/ocsp_cert_id.h"

#include <utility>

#include "asn1/der.h"
#include "crypto/digest.h"
#include "crypto/sha1.h"
#include "pki/ocsp_parts.h"

namespace cairn::pki {
namespace {

base::Bytes digest(OcspHash hash, base::BytesView data) {
    switch (hash) {
        case OcspHash::sha1:
            return base::copy_of(crypto::sha1(data));
        case OcspHash::sha256:
            return base::copy_of(crypto::sha256(data));
    }
    std::unreachable();
}

}  // namespace

base::Bytes ocsp_key_hash(const Certificate& certificate, OcspHash hash) {
    asn1::Failure failure;
    asn1::Reader reader(certificate.public_key().spki(), failure);
    asn1::Reader fields = reader.inside(asn1::tag::sequence, "the public key");
    static_cast<void>(fields.element(asn1::tag::sequence, "its algorithm"));
    return digest(hash, fields.octet_aligned_bits("its bits"));
}

OcspCertId OcspCertId::of(const Certificate& issuer, SerialNumber serial, OcspHash hash) {
    return {hash, digest(hash, issuer.subject_name()), ocsp_key_hash(issuer, hash),
            std::move(serial)};
}

bool OcspCertId::is_of(const Certificate& issuer) const {
    return *this == of(issuer, serial, hash);
}

std::optional<OcspCertId> read_cert_id(asn1::Reader& reader) {
    constexpr std::string_view what = "the CertID";
    asn1::Reader fields = reader.inside(asn1::tag::sequence, what);
    asn1::Reader algorithm = fields.inside(asn1::tag::sequence, "the hash algorithm");
    const auto object_id =
        algorithm.element(asn1::tag::object_identifier, "the hash algorithm").content;
    // The parameters are NULL or absent (RFC 5754 section 2).
    if (algorithm.next_is(asn1::tag::null))
        static_cast<void>(algorithm.element("the parameters of the hash algorithm"));
    algorithm.end("the hash algorithm");
    const auto name_hash = fields.element(asn1::tag::octet_string, "issuerNameHash").content;
    const auto key_hash = fields.element(asn1::tag::octet_string, "issuerKeyHash").content;
    auto serial = SerialNumber::from_der_content(
        fields.element(asn1::tag::integer, "a serial number").content);
    fields.end(what);
    const bool is_sha1 = std::ranges::equal(object_id, ocsp_oid::sha1);
    if (!is_sha1 && !std::ranges::equal(object_id, ocsp_oid::sha256))
        fields.fail("the hash algorithm is neither SHA-1 nor SHA-256");
    const std::size_t size = is_sha1 ? 20 : 32;
    if (name_hash.size() != size || key_hash.size() != size)
        fields.fail("a hash does not have the length of its algorithm");
    if (!serial) fields.fail(serial.error().message);
    if (!serial) return std::nullopt;
    return OcspCertId{is_sha1 ? OcspHash::sha1 : OcspHash::sha256, base::copy_of(name_hash),
                      base::copy_of(key_hash), *std::move(serial)};
}

void write_cert_id(asn1::Writer& writer, const OcspCertId& id) {
    writer.nested(asn1::tag::sequence, [&] {
        writer.nested(asn1::tag::sequence, [&] {
            writer.element(asn1::tag::object_identifier, id.hash == OcspHash::sha1
                                                             ? base::BytesView(ocsp_oid::sha1)
                                                             : base::BytesView(ocsp_oid::sha256));
            writer.element(asn1::tag::null, base::BytesView());
        });
        writer.element(asn1::tag::octet_string, id.issuer_name_hash);
        writer.element(asn1::tag::octet_string, id.issuer_key_hash);
        writer.element(asn1::tag::integer, id.serial.der_content());
    });
}

}  // namespace cairn::pki
