#include "protocol/flattened_jws.h"

#include "base/base64url.h"
#include "protocol/json_writer.h"

namespace cairn::protocol {
namespace {

std::unexpected<Problem> malformed_jws(std::string detail) {
    return malformed(base::Error{std::move(detail)}.within("JWS"));
}

}  // namespace

OrProblem<FlattenedJws> read_flattened_jws(base::BytesView json, JsonMemory& memory) {
    const base::Result<boost::json::object> body = parse_json_object(json, memory.storage());
    if (!body) return malformed_jws(body.error().message);
    // RFC 8555 section 6.2 allows neither the general serialization nor unprotected headers.
    for (const std::string_view forbidden : {"signatures", "header"}) {
        if (body->contains(forbidden)) {
            return malformed_jws("a member " + std::string(forbidden) + " is not allowed");
        }
    }
    MemberReader members(*body, NullMember::wrong_type);
    const std::string_view protected_text = members.required_text("protected");
    const std::string_view payload_text = members.required_text("payload");
    const std::string_view signature_text = members.required_text("signature");
    if (members.error()) return malformed_jws(members.error()->message);

    const base::Result<base::Bytes> header_text = base::from_base64url(protected_text);
    if (!header_text) return malformed_jws(header_text.error().within("protected").message);
    base::Result<boost::json::object> header = parse_json_object(*header_text, memory.storage());
    if (!header) return malformed_jws(header.error().within("protected").message);
    // No extension is supported, so none may be critical (RFC 7515 section 4.1.11); an unencoded
    // payload (RFC 7797) is such an extension.
    for (const std::string_view extension : {"crit", "b64"}) {
        if (header->contains(extension)) {
            return malformed_jws("a header parameter " + std::string(extension) +
                                 " is not allowed");
        }
    }
    base::Result<base::Bytes> payload = base::from_base64url(payload_text);
    if (!payload) return malformed_jws(payload.error().within("payload").message);
    base::Result<base::Bytes> signature = base::from_base64url(signature_text);
    if (!signature) return malformed_jws(signature.error().within("signature").message);

    std::string signing_input;
    signing_input.reserve(protected_text.size() + 1 + payload_text.size());
    signing_input += protected_text;
    signing_input += '.';
    signing_input += payload_text;
    return FlattenedJws{*std::move(header), std::move(signing_input), *std::move(payload),
                        *std::move(signature)};
}

std::string write_flattened_jws(std::string_view signing_input, base::BytesView signature) {
    const std::size_t dot = signing_input.find('.');
    JsonWriter writer;
    writer.begin_object();
    writer.member("protected", signing_input.substr(0, dot));
    writer.member("payload", signing_input.substr(dot + 1));
    writer.member("signature", base::base64url(signature));
    writer.end_object();
    return writer.take();
}

}  // namespace cairn::protocol
