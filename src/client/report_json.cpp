#include "client/report_json.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json_quoted.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_findings = 100;
constexpr std::size_t max_failure = std::size_t{64} << 10;
constexpr std::size_t max_failure_words = 4000;
constexpr std::size_t max_detail = 600;

std::string json_string(std::string_view text) {
    return base::json_quoted(text);
}

std::string identifier_json(const protocol::Identifier& identifier) {
    return fmt::format("{{\"type\": {}, \"value\": {}}}",
                       json_string(protocol::to_string(identifier.type())),
                       json_string(identifier.value()));
}

/// Of what a CA may make as long as it likes, what is told of it anyway.
std::string problem_json(protocol::Problem problem) {
    const auto shorten = [](std::string& text) { text = base::printable(text, max_detail); };
    shorten(problem.detail);
    shorten(problem.type_uri);
    shorten(problem.instance);
    if (problem.subproblems.size() > max_findings)
        problem.subproblems.erase(problem.subproblems.begin() + max_findings,
                                  problem.subproblems.end());
    for (auto& part : problem.subproblems) {
        shorten(part.detail);
        if (part.identifier) shorten(part.identifier->second);
    }
    problem.algorithms.clear();
    return problem.to_json();
}

std::string finding_json(const Finding& finding) {
    return fmt::format("{{\"identifier\": {}, \"challenge\": {}, \"problem\": {}}}",
                       identifier_json(finding.identifier),
                       json_string(protocol::to_string(finding.challenge)),
                       problem_json(finding.problem));
}

base::Result<protocol::Identifier> identifier_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    const auto type = reader.required_text("type");
    const auto value = reader.required_text("value");
    if (reader.error()) return std::unexpected(*reader.error());
    if (type == protocol::to_string(protocol::IdentifierType::dns))
        return protocol::Identifier::dns(value);
    if (type == protocol::to_string(protocol::IdentifierType::ip))
        return protocol::Identifier::ip(value);
    return base::fail("an identifier of unknown type");
}

std::optional<protocol::Problem> problem_in(protocol::MemberReader& reader) {
    const auto text = reader.object_text("problem");
    if (text.empty()) return std::nullopt;
    auto problem = protocol::Problem::from_json(base::bytes_of(text));
    if (!problem) return std::nullopt;
    return std::move(*problem);
}

std::optional<Finding> finding_from(const boost::json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) return std::nullopt;
    protocol::MemberReader reader(*object);
    const auto* subject = reader.object("identifier");
    const auto challenge = protocol::challenge_type_from(reader.text_or_empty("challenge"));
    auto problem = problem_in(reader);
    if (subject == nullptr || !challenge || !problem) return std::nullopt;
    auto identifier = identifier_from(*subject);
    if (!identifier) return std::nullopt;
    return Finding{std::move(*identifier), *challenge, std::move(*problem)};
}

}  // namespace

std::string to_json(const Failure& failure) {
    auto json = fmt::format("{{\"phase\": {}, \"tried\": {}, \"came_back\": {}",
                            json_string(to_string(failure.phase())), json_string(failure.tried()),
                            json_string(failure.came_back()));
    if (!failure.next().empty()) json += fmt::format(", \"next\": {}", json_string(failure.next()));
    if (failure.identifier())
        json += fmt::format(", \"identifier\": {}", identifier_json(*failure.identifier()));
    if (failure.status()) json += fmt::format(", \"status\": {}", *failure.status());
    if (failure.document())
        json += fmt::format(", \"problem\": {}", problem_json(*failure.document()));
    if (failure.retry_at())
        json +=
            fmt::format(", \"retry_at\": {}", json_string(base::to_rfc3339(*failure.retry_at())));
    if (!failure.attempt().empty())
        json += fmt::format(", \"attempt\": {}", json_string(failure.attempt()));
    std::string findings;
    for (std::size_t i = 0; i < failure.findings().size() && i < max_findings; ++i)
        findings += (i == 0 ? "" : ", ") + finding_json(failure.findings()[i]);
    if (!findings.empty()) json += fmt::format(", \"findings\": [{}]", findings);
    return json + "}";
}

namespace {

/// About as many octets as the JSON has at least, told without making it: a CA may have sent
/// megabytes.
std::size_t least_size_of(const protocol::Problem& problem) {
    auto size = std::min(problem.detail.size(), max_detail);
    for (std::size_t i = 0; i < problem.subproblems.size() && i < max_findings; ++i)
        size += std::min(problem.subproblems[i].detail.size(), max_detail);
    return size;
}

std::size_t least_size_of(const Failure& failure) {
    auto size = failure.tried().size() + failure.came_back().size() + failure.next().size();
    if (failure.document()) size += least_size_of(*failure.document());
    for (std::size_t i = 0; i < failure.findings().size() && i < max_findings; ++i)
        size += least_size_of(failure.findings()[i].problem);
    return size;
}

}  // namespace

Failure bounded(const Failure& failure) {
    if (least_size_of(failure) <= max_failure && to_json(failure).size() <= max_failure)
        return failure;
    return Failure({failure.tried().substr(0, max_failure_words), failure.phase()},
                   failure.came_back().substr(0, max_failure_words) + " ...",
                   failure.next().substr(0, max_failure_words))
        .retrying_at(failure.retry_at());
}

std::string to_json(const ProgressEvent& event) {
    auto json = fmt::format("{{\"event\": {}, \"phase\": {}, \"warning\": {}",
                            json_string(to_string(event.kind)),
                            json_string(to_string(phase_of(event.kind))), is_warning(event.kind));
    const auto add = [&](std::string_view name, const std::string& value) {
        json += fmt::format(", \"{}\": {}", name, value);
    };
    if (!event.lineage.empty()) add("lineage", json_string(event.lineage));
    std::string identifiers;
    for (const auto& identifier : event.identifiers)
        identifiers += (identifiers.empty() ? "" : ", ") + identifier_json(identifier);
    if (!identifiers.empty()) add("identifiers", "[" + identifiers + "]");
    if (!event.host.empty()) add("ca", json_string(event.host));
    if (event.challenge) add("challenge", json_string(protocol::to_string(*event.challenge)));
    if (event.problem) add("problem", problem_json(*event.problem));
    if (event.failure) add("failure", to_json(*event.failure));
    if (!event.place.empty()) add("place", json_string(event.place.string()));
    if (event.number != 0) add("number", std::to_string(event.number));
    if (!event.text.empty()) add("text", json_string(event.text));
    if (!event.subject.empty()) add("subject", json_string(event.subject));
    return json + "}";
}

base::Result<ProgressEvent> progress_event_from_json(base::BytesView json) {
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    const auto kind = progress_kind_from(reader.required_text("event"));
    if (reader.error()) return std::unexpected(*reader.error());
    if (!kind) return base::fail("an event of unknown kind");
    ProgressEvent event{.kind = *kind};
    event.lineage = reader.text_or_empty("lineage");
    event.host = reader.text_or_empty("ca");
    event.challenge = protocol::challenge_type_from(reader.text_or_empty("challenge"));
    event.problem = problem_in(reader);
    event.place = reader.text_or_empty("place");
    event.number = static_cast<unsigned long>(reader.integer("number").value_or(0));
    event.text = reader.text_or_empty("text");
    event.subject = reader.text_or_empty("subject");
    if (const auto* identifiers = reader.array("identifiers"))
        for (const auto& element : *identifiers) {
            const auto* subject = element.if_object();
            auto identifier = subject != nullptr ? identifier_from(*subject) : base::fail("none");
            if (identifier) event.identifiers.push_back(std::move(*identifier));
        }
    const auto failure_text = reader.object_text("failure");
    if (reader.error()) return std::unexpected(*reader.error());
    if (!failure_text.empty())
        if (auto failure = failure_from_json(base::bytes_of(failure_text)))
            event.failure = std::move(*failure);
    return event;
}

base::Result<Failure> failure_from_json(base::BytesView json) {
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    Aim aim(std::string(reader.required_text("tried")));
    aim.phase = phase_from(reader.text_or_empty("phase")).value_or(Phase::other);
    if (const auto* subject = reader.object("identifier"))
        if (auto identifier = identifier_from(*subject)) aim.identifier = std::move(*identifier);
    const Failure failure(aim, std::string(reader.required_text("came_back")),
                          reader.text_or_empty("next"));
    auto problem = problem_in(reader);
    const auto status = reader.integer("status");
    std::vector<Finding> findings;
    if (const auto* array = reader.array("findings"))
        for (const auto& element : *array)
            if (auto finding = finding_from(element)) findings.push_back(std::move(*finding));
    const auto retry_at = reader.time("retry_at");
    if (reader.error()) return std::unexpected(*reader.error());
    return failure
        .with(std::move(problem), status ? std::optional(static_cast<int>(*status)) : std::nullopt,
              std::move(findings))
        .retrying_at(retry_at);
}

}  // namespace cairn::client
