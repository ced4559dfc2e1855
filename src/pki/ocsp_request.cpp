#include "pki/ocsp_request.h"

#include <fmt/format.h>

#include "pki/ocsp_parts.h"

namespace cairn::pki {
namespace {

std::optional<OcspCertId> read_request(asn1::Reader& reader) {
    asn1::Reader request = reader.inside(asn1::tag::sequence, "a request");
    auto id = read_cert_id(request);
    if (request.next_is(asn1::tag::context_constructed(0))) {
        asn1::Reader field = request.inside(asn1::tag::context_constructed(0), "its extensions");
        static_cast<void>(read_unknown_extensions(field));
        field.end("the extensions of a request");
    }
    request.end("a request");
    return id;
}

std::optional<OcspCertId> read_tbs_request(asn1::Reader& reader) {
    asn1::Reader fields = reader.inside(asn1::tag::sequence, "tbsRequest");
    // A version that is spelled out is not 1, the default and the only one there is.
    if (fields.next_is(asn1::tag::context_constructed(0))) fields.fail("the version is not 1");
    if (fields.next_is(asn1::tag::context_constructed(1)))
        static_cast<void>(fields.element("requestorName"));
    asn1::Reader list = fields.inside(asn1::tag::sequence, "requestList");
    auto id = read_request(list);
    if (!list.at_end()) list.fail("it asks about several certificates (RFC 5019 section 2.1.1)");
    if (fields.next_is(asn1::tag::context_constructed(2))) {
        asn1::Reader field = fields.inside(asn1::tag::context_constructed(2), "requestExtensions");
        static_cast<void>(read_unknown_extensions(field));
        field.end("requestExtensions");
    }
    fields.end("tbsRequest");
    return id;
}

}  // namespace

base::Result<OcspRequest> OcspRequest::from_der(base::BytesView der) {
    if (der.size() > max_size)
        return base::fail(fmt::format("the request has more than {} octets", max_size));
    if (const auto sound = asn1::check(der); !sound)
        return std::unexpected(sound.error().within("the request is not DER"));
    asn1::Failure failure;
    asn1::Reader reader(der, failure);
    asn1::Reader request = reader.inside(asn1::tag::sequence, "the request");
    auto id = read_tbs_request(request);
    if (request.next_is(asn1::tag::context_constructed(0)))
        static_cast<void>(request.element("optionalSignature"));
    request.end("the request");
    if (failure) return std::unexpected(*failure);
    return OcspRequest(*std::move(id));
}

base::Bytes ocsp_request_for(const OcspCertId& id) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.nested(asn1::tag::sequence, [&] {
            writer.nested(asn1::tag::sequence, [&] {
                writer.nested(asn1::tag::sequence, [&] { write_cert_id(writer, id); });
            });
        });
    });
    return std::move(writer).take();
}

}  // namespace cairn::pki
