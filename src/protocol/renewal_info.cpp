#include "protocol/renewal_info.h"

#include "protocol/json.h"
#include "protocol/json_writer.h"

namespace cairn::protocol {

std::string RenewalInfo::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.name("suggestedWindow");
    writer.begin_object();
    writer.member("start", start);
    writer.member("end", end);
    writer.end_object();
    writer.optional_member("explanationURL", explanation_url);
    writer.end_object();
    return writer.take();
}

base::Result<RenewalInfo> RenewalInfo::from_json(base::BytesView json) {
    const auto object = parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    MemberReader reader(*object);
    const auto* suggested = reader.object("suggestedWindow");
    if (reader.error()) return std::unexpected(*reader.error());
    // Words for people; a wrong one costs nothing.
    auto explanation = reader.text_or_empty("explanationURL");
    if (suggested == nullptr) return base::fail("suggestedWindow: missing");
    MemberReader members(*suggested);
    const auto start = members.time("start");
    const auto end = members.time("end");
    if (members.error()) return std::unexpected(members.error()->within("suggestedWindow"));
    if (!start || !end) return base::fail("suggestedWindow: start or end is missing");
    if (*end <= *start) return base::fail("suggestedWindow: ends before it starts");
    return RenewalInfo{*start, *end, std::move(explanation)};
}

}  // namespace cairn::protocol
