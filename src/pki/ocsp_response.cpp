#include "pki/ocsp_response.h"

#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "base/enum_table.h"
#include "pki/crl_parts.h"
#include "pki/ocsp_parts.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

constexpr std::uint8_t enumerated = 0x0a;

constexpr base::EnumTable<OcspError, std::string_view> error_names({
    {OcspError::malformed_request, "malformedRequest"},
    {OcspError::internal_error, "internalError"},
    {OcspError::try_later, "tryLater"},
    {OcspError::signature_required, "sigRequired"},
    {OcspError::unauthorized, "unauthorized"},
});

/// OCSP has no UTCTime (RFC 6960 section 4.2.2.1).
base::Time read_generalized_time(asn1::Reader& reader, std::string_view what) {
    if (!reader.next_is(asn1::tag::generalized_time))
        reader.fail(fmt::format("{} is no GeneralizedTime", what));
    return reader.time(what);
}

OcspStatus read_status(asn1::Reader& reader) {
    using enum OcspStatus::Kind;
    constexpr std::string_view what = "certStatus";
    if (reader.next_is(asn1::tag::context_constructed(1))) {
        asn1::Reader fields = reader.inside(asn1::tag::context_constructed(1), what);
        OcspStatus status{.kind = revoked, .revoked_at = read_generalized_time(fields, what)};
        if (fields.next_is(asn1::tag::context_constructed(0))) {
            asn1::Reader field = fields.inside(asn1::tag::context_constructed(0), "a reason");
            const auto known = crl_reason_from(field.element(enumerated, "a reason").content);
            field.end("a reason");
            if (known)
                status.reason = *known;
            else
                field.fail("a reason is unknown");
        }
        fields.end(what);
        return status;
    }
    const auto found = reader.element(what);
    const bool is_good = found.tag == asn1::tag::context(0);
    if ((!is_good && found.tag != asn1::tag::context(2)) || !found.content.empty())
        reader.fail("certStatus is none of good, revoked and unknown");
    return {.kind = is_good ? good : unknown};
}

void read_field_of_extensions(asn1::Reader& fields, OcspParts& parts) {
    if (!fields.next_is(asn1::tag::context_constructed(1))) return;
    asn1::Reader field = fields.inside(asn1::tag::context_constructed(1), "the extensions");
    const auto extensions = read_unknown_extensions(field);
    field.end("the extensions");
    parts.extensions.insert(parts.extensions.end(), extensions.begin(), extensions.end());
}

void read_answer(asn1::Reader answer, OcspParts& parts) {
    parts.id = read_cert_id(answer);
    parts.status = read_status(answer);
    parts.this_update = read_generalized_time(answer, "thisUpdate");
    asn1::Reader end = answer.inside(asn1::tag::context_constructed(0), "nextUpdate");
    parts.next_update = read_generalized_time(end, "nextUpdate");
    end.end("nextUpdate");
    read_field_of_extensions(answer, parts);
    answer.end("an answer");
}

/// A BasicOCSPResponse as it stands in the encoding.
struct SignedParts {
    base::BytesView to_be_signed, algorithm, signature;
};

SignedParts read_signed_parts(asn1::Reader& reader) {
    constexpr std::string_view what = "the signed response";
    asn1::Reader fields = reader.inside(asn1::tag::sequence, what);
    SignedParts parts;
    parts.to_be_signed = fields.element(asn1::tag::sequence, "tbsResponseData").whole;
    parts.algorithm = fields.element(asn1::tag::sequence, "the signature algorithm").whole;
    parts.signature = fields.octet_aligned_bits("the signature");
    if (fields.next_is(asn1::tag::context_constructed(0)))
        fields.fail("it brings certificates along: its issuer did not sign it itself");
    fields.end(what);
    return parts;
}

/// The octets of the BasicOCSPResponse.
base::BytesView read_envelope(asn1::Reader& reader) {
    asn1::Reader response = reader.inside(asn1::tag::sequence, "the response");
    const auto status = response.element(enumerated, "responseStatus").content;
    const auto error = status.size() == 1 ? base::enumerator_from<OcspError>(status[0])
                                          : std::optional<OcspError>();
    if (error)
        response.fail(fmt::format("the responder answers: {}", error_names[*error]));
    else if (status.size() != 1 || status[0] != 0)
        response.fail("responseStatus is unknown");
    asn1::Reader field = response.inside(asn1::tag::context_constructed(0), "responseBytes");
    asn1::Reader bytes = field.inside(asn1::tag::sequence, "responseBytes");
    const auto type = bytes.element(asn1::tag::object_identifier, "responseType").content;
    if (!std::ranges::equal(type, ocsp_oid::basic_response))
        bytes.fail("the response is of another type than id-pkix-ocsp-basic");
    const auto basic = bytes.element(asn1::tag::octet_string, "the response").content;
    bytes.end("responseBytes");
    field.end("responseBytes");
    response.end("the response");
    return basic;
}

}  // namespace

std::vector<ExtensionView> read_unknown_extensions(asn1::Reader& reader) {
    auto extensions = read_extensions(reader);
    for (const auto& extension : extensions)
        if (extension.criticality == Criticality::critical)
            reader.fail("there is a critical extension that is not known");
    return extensions;
}

OcspParts read_ocsp_parts(asn1::Reader& reader) {
    OcspParts parts;
    asn1::Reader fields = reader.inside(asn1::tag::sequence, "tbsResponseData");
    // A version that is spelled out is not 1, the default and the only one there is.
    if (fields.next_is(asn1::tag::context_constructed(0))) fields.fail("the version is not 1");
    asn1::Reader responder = fields.inside(asn1::tag::context_constructed(2), "responderID by key");
    parts.responder_key_hash =
        responder.element(asn1::tag::octet_string, "responderID by key").content;
    responder.end("responderID by key");
    parts.produced_at = read_generalized_time(fields, "producedAt");
    asn1::Reader answers = fields.inside(asn1::tag::sequence, "responses");
    read_answer(answers.inside(asn1::tag::sequence, "an answer"), parts);
    if (!answers.at_end())
        answers.fail("it answers for several certificates (RFC 5019 section 2.2.1)");
    read_field_of_extensions(fields, parts);
    fields.end("tbsResponseData");
    return parts;
}

base::Result<OcspResponse> OcspResponse::from_der(base::BytesView der) {
    if (der.size() > max_size)
        return base::fail(fmt::format("the response has more than {} octets", max_size));
    if (const auto sound = asn1::check(der); !sound)
        return std::unexpected(sound.error().within("the response is not DER"));
    asn1::Failure failure;
    asn1::Reader reader(der, failure);
    const auto basic = read_envelope(reader);
    if (failure) return std::unexpected(*failure);
    // An octet string, which the check above has not looked into.
    if (const auto sound = asn1::check(basic); !sound)
        return std::unexpected(sound.error().within("the signed response is not DER"));
    asn1::Reader inner(basic, failure);
    const auto signed_parts = read_signed_parts(inner);
    asn1::Reader data(signed_parts.to_be_signed, failure);
    auto parts = read_ocsp_parts(data);
    if (failure) return std::unexpected(*failure);

    OcspResponse response(*std::move(parts.id));
    response.der_ = base::copy_of(der);
    response.basic_ = base::copy_of(basic);
    response.responder_key_hash_ = base::copy_of(parts.responder_key_hash);
    response.status_ = parts.status;
    response.produced_at_ = parts.produced_at;
    response.this_update_ = parts.this_update;
    response.next_update_ = parts.next_update;
    return response;
}

bool OcspResponse::is_signed_by(const Certificate& issuer) const {
    if (!id_.is_of(issuer) || responder_key_hash_ != ocsp_key_hash(issuer, OcspHash::sha1))
        return false;
    asn1::Failure failure;
    asn1::Reader reader(basic_, failure);
    const auto parts = read_signed_parts(reader);
    return !failure &&
           verify_x509(issuer.public_key(), parts.algorithm, parts.to_be_signed, parts.signature);
}

base::Bytes with_responder(base::BytesView basic, const Certificate& responder) {
    asn1::Failure failure;
    asn1::Reader reader(basic, failure);
    const auto parts = reader.element(asn1::tag::sequence, "the signed response").content;
    if (failure) throw std::invalid_argument(failure->message);
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.raw(parts);
        writer.nested(asn1::tag::context_constructed(0), [&] {
            writer.nested(asn1::tag::sequence, [&] { writer.raw(responder.der()); });
        });
    });
    return std::move(writer).take();
}

base::Bytes ocsp_response_of(base::BytesView basic) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        constexpr std::array<std::uint8_t, 1> successful{0};
        writer.element(enumerated, successful);
        writer.nested(asn1::tag::context_constructed(0), [&] {
            writer.nested(asn1::tag::sequence, [&] {
                writer.element(asn1::tag::object_identifier, ocsp_oid::basic_response);
                writer.element(asn1::tag::octet_string, basic);
            });
        });
    });
    return std::move(writer).take();
}

base::Bytes ocsp_response_of(OcspError error) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        const std::array<std::uint8_t, 1> code{static_cast<std::uint8_t>(error)};
        writer.element(enumerated, code);
    });
    return std::move(writer).take();
}

}  // namespace cairn::pki
