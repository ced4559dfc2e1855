#include "va/perspective_message.h"

#include <algorithm>
#include <utility>

#include "base/base64url.h"
#include "crypto/digest.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"

namespace cairn::va {

using protocol::CaaFinding;
using protocol::JsonWriter;
using protocol::MemberReader;
using protocol::most_caa_records_kept;

namespace {

constexpr std::size_t most_names = 32;
constexpr std::size_t most_steps = 64;
constexpr std::size_t longest_step = 400;
constexpr std::size_t longest_text = 2000;
/// A proof is relied on for no longer (BR 4.2.1 once had 825 days).
constexpr std::int64_t longest_named_reliance = 86400LL * 825;

// Texts that may come from whom a perspective looked at: one line, and bounded.
std::string one_line(std::string_view text) {
    return base::printable(text, longest_step);
}

void begin(JsonWriter& writer) {
    writer.begin_object();
    writer.member("protocol", perspective_protocol);
}

// The error of another version, so that it is told as what it is and not as a missing member.
std::optional<base::Error> version_fault(MemberReader& reader) {
    const auto version = reader.integer("protocol");
    if (version == perspective_protocol) return std::nullopt;
    return base::Error{
        "it speaks " +
        (version ? "version " + std::to_string(*version) : std::string("no version")) +
        " of the protocol of perspectives, this program version " +
        std::to_string(perspective_protocol) +
        ": the CA and its perspectives must be of versions that fit"};
}

bool are_short(const std::vector<std::string>& texts) {
    return std::ranges::all_of(texts, [](const auto& text) { return text.size() <= longest_text; });
}

base::Result<protocol::Identifier> read_identifier(MemberReader& reader) {
    const auto* object = reader.object("identifier");
    if (object == nullptr) return base::fail("identifier: is missing");
    MemberReader members(*object);
    const auto type = members.required_text("type");
    const auto value = members.required_text("value");
    if (members.error()) return std::unexpected(*members.error());
    if (type == to_string(protocol::IdentifierType::dns)) return protocol::Identifier::dns(value);
    if (type == to_string(protocol::IdentifierType::ip)) return protocol::Identifier::ip(value);
    return base::fail("identifier: is of no known type");
}

base::Result<std::vector<Evidence::Endpoint>> read_endpoints(MemberReader& reader) {
    std::vector<Evidence::Endpoint> endpoints;
    const auto* list = reader.array("endpoints");
    if (list == nullptr) return endpoints;
    if (list->size() > most_steps) return base::fail("endpoints: are too many");
    for (const auto& value : *list) {
        const auto* object = value.if_object();
        if (object == nullptr) return base::fail("endpoints: holds something else than objects");
        MemberReader members(*object);
        const auto address = base::IpAddress::from_text(members.required_text("address"));
        const auto port = members.integer("port");
        if (!address || !port || *port < 1 || *port > 65535)
            return base::fail("endpoints: holds no address with a port");
        endpoints.push_back({*address, static_cast<std::uint16_t>(*port)});
    }
    return endpoints;
}

base::Result<CaaFinding> read_caa(const boost::json::object& object) {
    MemberReader members(object);
    const auto lines = [&](std::string_view name) {
        std::vector<std::string> texts;
        for (const auto& text : members.texts(name, most_caa_records_kept))
            texts.push_back(one_line(text));
        return texts;
    };
    const auto line = [&](std::string_view name) { return one_line(members.text_or_empty(name)); };
    CaaFinding caa{.name = line("name"),
                   .owner = line("owner"),
                   .alias_of = line("aliasOf"),
                   .records = lines("records"),
                   .count = static_cast<std::size_t>(
                       std::clamp<std::int64_t>(members.integer("count").value_or(0), 0, 65535)),
                   .verdict = line("verdict"),
                   .iodef = lines("iodef"),
                   .is_secure = members.boolean("secure").value_or(false)};
    if (members.error()) return std::unexpected(*members.error());
    return caa;
}

void write_caa(JsonWriter& writer, const CaaFinding& caa) {
    const auto shortened = [](const std::vector<std::string>& texts) {
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < std::min(texts.size(), most_caa_records_kept); ++i)
            lines.push_back(one_line(texts[i]));
        return lines;
    };
    writer.begin_object();
    writer.member("name", one_line(caa.name));
    writer.member("owner", one_line(caa.owner));
    writer.member("aliasOf", one_line(caa.alias_of));
    writer.member("records", shortened(caa.records));
    writer.member("count", static_cast<std::int64_t>(caa.count));
    writer.member("verdict", one_line(caa.verdict));
    writer.member("iodef", shortened(caa.iodef));
    writer.member("secure", caa.is_secure);
    writer.end_object();
}

constexpr base::EnumTable<Aim, std::string_view> aim_names({
    {Aim::control_and_caa, "controlAndCaa"},
    {Aim::caa_alone, "caaAlone"},
});

// Which problems a validation may end with; any other would say something about the CA or its
// client, of which a perspective knows nothing.
std::optional<protocol::ProblemType> validation_problem_from(std::string_view name) {
    using protocol::ProblemType;
    for (const auto type :
         {ProblemType::caa, ProblemType::connection, ProblemType::dns,
          ProblemType::incorrect_response, ProblemType::malformed, ProblemType::server_internal,
          ProblemType::tls, ProblemType::unauthorized})
        if (to_string(type) == name) return type;
    return std::nullopt;
}

}  // namespace

std::string PerspectiveQuestion::to_json() const {
    JsonWriter writer;
    begin(writer);
    writer.member("nonce", nonce);
    writer.member("perspective", perspective);
    writer.member("account", account_url);
    writer.member("profile", profile);
    writer.name("identifier");
    writer.begin_object();
    writer.member("type", to_string(identifier.type()));
    writer.member("value", identifier.value());
    writer.end_object();
    writer.member("method", to_string(method));
    writer.member("token", token.text());
    writer.member("keyAuthorization", key_authorization);
    writer.member("caaIdentities", caa_identities);
    writer.member("issuerNames", issuer_names);
    writer.member("subdomains", for_subdomains);
    writer.member("aim", aim_names[aim]);
    writer.member("caaMethod", caa_method);
    writer.end_object();
    return writer.take();
}

base::Result<PerspectiveQuestion> PerspectiveQuestion::from_json(base::BytesView json) {
    if (json.size() > largest_perspective_message) return base::fail("it is too long");
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    MemberReader reader(*object);
    if (auto fault = version_fault(reader)) return std::unexpected(std::move(*fault));
    auto identifier = read_identifier(reader);
    if (!identifier) return std::unexpected(identifier.error());
    const auto method = protocol::challenge_type_from(reader.required_text("method"));
    auto token = protocol::Token::from_text(reader.required_text("token"));
    PerspectiveQuestion question{
        .nonce = std::string(reader.required_text("nonce")),
        .perspective = std::string(reader.required_text("perspective")),
        .account_url = reader.text_or_empty("account"),
        .profile = reader.text_or_empty("profile"),
        .identifier = *std::move(identifier),
        .method = method.value_or(protocol::ChallengeType::http_01),
        .token = token ? *std::move(token) : *protocol::Token::from_text("0000000000000000000000"),
        .key_authorization = std::string(reader.required_text("keyAuthorization")),
        .caa_identities = reader.texts("caaIdentities", most_names),
        .issuer_names = reader.texts("issuerNames", most_names),
        .for_subdomains = reader.boolean("subdomains").value_or(false),
        .caa_method = reader.text_or_empty("caaMethod")};
    const auto aim = aim_names.find(reader.required_text("aim"));
    if (reader.error()) return std::unexpected(*reader.error());
    if (!method) return base::fail("method: is not known here");
    if (!token) return base::fail("token: " + token.error().message);
    if (!aim) return base::fail("aim: is not known here");
    question.aim = *aim;
    const auto nonce = base::from_base64url(question.nonce);
    if (!nonce || nonce->size() != 16) return base::fail("nonce: is no base64url of 16 octets");
    if (!are_short({question.perspective, question.account_url, question.profile,
                    question.key_authorization, question.caa_method}) ||
        !are_short(question.caa_identities) || !are_short(question.issuer_names))
        return base::fail("a text is too long");
    return question;
}

std::string PerspectiveAnswer::to_json() const {
    JsonWriter writer;
    begin(writer);
    writer.member("question", question);
    writer.member("perspective", perspective);
    writer.member("region", to_string(region));
    writer.member("begun", begun);
    writer.member("ended", ended);
    writer.name("endpoints");
    writer.begin_array();
    for (std::size_t i = 0; i < std::min(endpoints.size(), most_steps); ++i) {
        writer.begin_object();
        writer.member("address", endpoints[i].address.to_string());
        writer.member("port", static_cast<std::int64_t>(endpoints[i].port));
        writer.end_object();
    }
    writer.end_array();
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < std::min(steps.size(), most_steps); ++i)
        lines.push_back(one_line(steps[i]));
    writer.member("steps", lines);
    if (problem) {
        writer.name("problem");
        writer.begin_object();
        writer.member("type", to_string(problem->type));
        writer.member("detail", one_line(problem->detail));
        writer.member("mayHeal", outlook == Outlook::may_heal);
        writer.end_object();
    }
    if (reliable_for)
        writer.member("reliableForSeconds", static_cast<std::int64_t>(reliable_for->count()));
    if (caa) {
        writer.name("caa");
        write_caa(writer, *caa);
    }
    writer.end_object();
    return writer.take();
}

base::Result<PerspectiveAnswer> PerspectiveAnswer::from_json(base::BytesView json) {
    if (json.size() > largest_perspective_message) return base::fail("it is too long");
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    MemberReader reader(*object);
    if (auto fault = version_fault(reader)) return std::unexpected(std::move(*fault));
    auto endpoints = read_endpoints(reader);
    if (!endpoints) return std::unexpected(endpoints.error());
    const auto region = protocol::internet_registry_from(reader.required_text("region"));
    const auto begun = reader.time("begun");
    const auto ended = reader.time("ended");
    PerspectiveAnswer answer{.question = std::string(reader.required_text("question")),
                             .perspective = std::string(reader.required_text("perspective")),
                             .region = region.value_or(protocol::InternetRegistry::arin),
                             .begun = begun.value_or(base::Time{}),
                             .ended = ended.value_or(base::Time{}),
                             .endpoints = *std::move(endpoints)};
    for (const auto& step : reader.texts("steps", most_steps))
        answer.steps.push_back(one_line(step));
    if (const auto* problem = reader.object("problem")) {
        MemberReader members(*problem);
        const auto type = validation_problem_from(members.required_text("type"));
        const auto detail = members.required_text("detail");
        const auto may_heal = members.boolean("mayHeal");
        if (members.error()) return std::unexpected(*members.error());
        if (!type) return base::fail("problem: is of a type that no validation ends with");
        answer.problem.emplace(*type, one_line(detail));
        answer.outlook = may_heal.value_or(false) ? Outlook::may_heal : Outlook::final;
    }
    if (const auto* caa = reader.object("caa")) {
        auto finding = read_caa(*caa);
        if (!finding) return std::unexpected(finding.error());
        answer.caa = *std::move(finding);
    }
    if (const auto seconds = reader.integer("reliableForSeconds"))
        answer.reliable_for =
            base::Seconds(std::clamp<std::int64_t>(*seconds, 0, longest_named_reliance));
    if (reader.error()) return std::unexpected(*reader.error());
    if (!region) return base::fail("region: is of no registry");
    if (!begun || !ended) return base::fail("begun or ended: is missing");
    if (!are_short({answer.question, answer.perspective})) return base::fail("a text is too long");
    return answer;
}

std::string digest_of_question(std::string_view question_json) {
    return base::base64url(crypto::sha256(base::bytes_of(question_json)));
}

}  // namespace cairn::va
