#include "va/enrolment_message.h"

#include <algorithm>
#include <utility>

#include "base/base64url.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"
#include "va/perspective_message.h"

namespace cairn::va {

using protocol::InternetRegistry;
using protocol::JsonWriter;
using protocol::MemberReader;

namespace {

constexpr std::size_t secret_octets = 16;
constexpr std::size_t longest_member = 16384;
constexpr std::string_view code_prefix = "cva1.";

// Has `read` take the members of a message of this version.
template <class Message, class Read>
base::Result<Message> message_from(base::BytesView json, const Read& read) {
    if (json.size() > largest_perspective_message) return base::fail("it is too long");
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    MemberReader reader(*object);
    const auto version = reader.integer("protocol");
    if (version != perspective_protocol)
        return base::fail("it speaks another version of the protocol of perspectives than " +
                          std::to_string(perspective_protocol));
    auto message = read(reader);
    if (reader.error()) return std::unexpected(*reader.error());
    return message;
}

std::string bounded_text(MemberReader& reader, std::string_view name) {
    const auto text = reader.required_text(name);
    if (text.size() > longest_member) reader.refuse(name, "is too long");
    return std::string(text.substr(0, longest_member));
}

InternetRegistry region_in(MemberReader& reader) {
    const auto region = protocol::internet_registry_from(reader.required_text("region"));
    if (!region) reader.refuse("region", "is of no registry");
    return region.value_or(InternetRegistry::arin);
}

std::string name_in(MemberReader& reader) {
    const auto name = reader.required_text("perspective");
    if (!is_perspective_name(name)) reader.refuse("perspective", "is no name of one");
    return base::printable(name, 100);
}

JsonWriter begun() {
    JsonWriter writer;
    writer.begin_object();
    writer.member("protocol", perspective_protocol);
    return writer;
}

std::string finished_text(JsonWriter& writer) {
    writer.end_object();
    return writer.take();
}

}  // namespace

bool is_perspective_name(std::string_view name) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !name.empty() && name.size() <= 40 && name.front() != '-' && name.back() != '-' &&
           std::ranges::all_of(name, is_allowed) && name != "local";
}

EnrolmentCode EnrolmentCode::make(const crypto::Sha256Digest& key, crypto::Random& random) {
    EnrolmentCode code{.key = key, .secret = base::SecretBytes(secret_octets)};
    random.fill(code.secret);
    return code;
}

std::string EnrolmentCode::to_text() const {
    return std::string(code_prefix) + base::base64url(key) + "." + base::base64url(secret);
}

base::Result<EnrolmentCode> EnrolmentCode::from_text(std::string_view text) {
    const auto wrong = [] {
        return base::fail(
            "this is no enrolment code: `cairn-va init` prints one, \"cva1.\" and two texts of "
            "letters and digits with a dot between them");
    };
    if (!text.starts_with(code_prefix)) return wrong();
    text.remove_prefix(code_prefix.size());
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return wrong();
    const auto key = base::from_base64url(text.substr(0, dot));
    auto secret = base::from_base64url(text.substr(dot + 1));
    EnrolmentCode code{};
    if (!key || !secret || key->size() != code.key.size() || secret->size() != secret_octets)
        return wrong();
    std::ranges::copy(*key, code.key.begin());
    code.secret.assign(secret->begin(), secret->end());
    base::wipe(*secret);
    return code;
}

std::string IdentityRequest::to_json() const {
    auto writer = begun();
    writer.member("perspective", perspective);
    writer.member("region", to_string(region));
    writer.member("ca", ca_url);
    writer.optional_member("secret", secret);
    return finished_text(writer);
}

base::Result<IdentityRequest> IdentityRequest::from_json(base::BytesView json) {
    return message_from<IdentityRequest>(json, [](MemberReader& reader) {
        return IdentityRequest{.perspective = name_in(reader),
                               .region = region_in(reader),
                               .ca_url = bounded_text(reader, "ca"),
                               .secret = reader.text_or_empty("secret")};
    });
}

std::string IdentityOffer::to_json() const {
    auto writer = begun();
    writer.member("csr", base::base64url(csr));
    return finished_text(writer);
}

base::Result<IdentityOffer> IdentityOffer::from_json(base::BytesView json) {
    return message_from<IdentityOffer>(json, [](MemberReader& reader) {
        auto csr = base::from_base64url(bounded_text(reader, "csr"));
        if (!csr) reader.refuse("csr", csr.error().message);
        return IdentityOffer{.csr = csr ? *std::move(csr) : base::Bytes()};
    });
}

std::string IdentityGrant::to_json() const {
    auto writer = begun();
    writer.member("certificate", certificate);
    writer.member("authority", authority);
    writer.optional_member("secret", secret);
    return finished_text(writer);
}

base::Result<IdentityGrant> IdentityGrant::from_json(base::BytesView json) {
    return message_from<IdentityGrant>(json, [](MemberReader& reader) {
        return IdentityGrant{.certificate = bounded_text(reader, "certificate"),
                             .authority = bounded_text(reader, "authority"),
                             .secret = reader.text_or_empty("secret")};
    });
}

std::string PerspectiveStatus::to_json() const {
    auto writer = begun();
    writer.member("perspective", perspective);
    writer.member("region", to_string(region));
    writer.member("program", program);
    writer.member("certificateEnds", certificate_ends);
    return finished_text(writer);
}

base::Result<PerspectiveStatus> PerspectiveStatus::from_json(base::BytesView json) {
    return message_from<PerspectiveStatus>(json, [](MemberReader& reader) {
        const auto ends = reader.time("certificateEnds");
        if (!ends) reader.refuse("certificateEnds", "is missing");
        return PerspectiveStatus{.perspective = name_in(reader),
                                 .region = region_in(reader),
                                 .program = base::printable(reader.required_text("program"), 100),
                                 .certificate_ends = ends.value_or(base::Time{})};
    });
}

}  // namespace cairn::va
