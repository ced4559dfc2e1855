#include "protocol/identifier_json.h"

#include <optional>
#include <string>
#include <utility>

#include "protocol/json.h"

namespace cairn::protocol {

std::expected<Identifier, Subproblem> read_identifier(const boost::json::value& value) {
    const boost::json::object* object = value.if_object();
    if (object == nullptr) {
        return std::unexpected(
            Subproblem{ProblemType::malformed, "an identifier is not an object", std::nullopt});
    }
    MemberReader members(*object);
    const std::string_view type = members.required_text("type");
    const std::string_view text = members.required_text("value");
    if (members.error()) {
        return std::unexpected(Subproblem{ProblemType::malformed,
                                          members.error()->within("an identifier").message,
                                          std::nullopt});
    }

    const auto refuse = [&](ProblemType problem, std::string detail) {
        return std::unexpected(Subproblem{problem, std::move(detail),
                                          std::pair(base::printable(type), base::printable(text))});
    };
    if (type != "dns" && type != "ip") {
        return refuse(
            ProblemType::unsupported_identifier,
            "identifiers of type dns and ip are known, not of type " + base::printable(type, 50));
    }
    base::Result<Identifier> identifier =
        type == "dns" ? Identifier::dns(text) : Identifier::ip(text);
    if (identifier) return *std::move(identifier);
    return refuse(ProblemType::rejected_identifier,
                  identifier.error().within(base::printable(text, 100)).message);
}

void write_identifier(JsonWriter& writer, std::string_view type, std::string_view value) {
    writer.begin_object();
    writer.member("type", type);
    writer.member("value", value);
    writer.end_object();
}

}  // namespace cairn::protocol
