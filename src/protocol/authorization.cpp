#include "protocol/authorization.h"

#include "protocol/identifier_json.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"
#include "protocol/problem_json.h"

namespace cairn::protocol {
namespace {

constexpr std::size_t max_challenges = 64;
constexpr std::size_t max_issuer_names = 10;

void write_challenge(JsonWriter& writer, const ChallengeObject& challenge) {
    writer.begin_object();
    writer.member("type", challenge.type);
    writer.member("url", challenge.url);
    writer.member("status", to_string(challenge.status));
    writer.optional_member("token", challenge.token);
    writer.optional_member("issuer-domain-names", challenge.issuer_domain_names);
    writer.optional_member("accounturi", challenge.account_uri);
    writer.optional_member("validated", challenge.validated);
    if (challenge.error) {
        writer.name("error");
        write_problem(writer, *challenge.error);
    }
    writer.end_object();
}

base::Result<ChallengeObject> read_challenge(const boost::json::object& object) {
    MemberReader members(object);
    ChallengeObject challenge;
    challenge.type = members.required_text("type");
    challenge.url = members.required_text("url");
    // Some servers write no status as long as it is pending.
    const std::optional<ChallengeStatus> status =
        challenge_status_from(members.text("status").value_or(to_string(ChallengeStatus::pending)));
    if (!status) members.refuse("status", "unknown for a challenge");
    challenge.status = status.value_or(ChallengeStatus::pending);
    challenge.token = members.text_or_empty("token");
    MemberReader rest(object);
    challenge.issuer_domain_names = rest.texts("issuer-domain-names", max_issuer_names);
    challenge.account_uri = rest.text_or_empty("accounturi");
    challenge.validated = rest.time_if_sound("validated");
    if (const boost::json::object* error = rest.object("error")) {
        challenge.error = read_problem(*error);
    }
    if (members.error()) return std::unexpected(members.error()->within("challenge"));
    return challenge;
}

/// The challenges that can be read; a client needs only one.
base::Result<std::vector<ChallengeObject>> read_challenges(const boost::json::array& values) {
    if (values.size() > max_challenges) return base::fail("too many challenges");
    std::vector<ChallengeObject> challenges;
    challenges.reserve(values.size());
    for (const boost::json::value& value : values) {
        const boost::json::object* object = value.if_object();
        if (object == nullptr) continue;
        base::Result<ChallengeObject> challenge = read_challenge(*object);
        if (challenge) challenges.push_back(*std::move(challenge));
    }
    return challenges;
}

}  // namespace

std::string ChallengeObject::to_json() const {
    JsonWriter writer;
    write_challenge(writer, *this);
    return writer.take();
}

base::Result<ChallengeObject> ChallengeObject::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return std::unexpected(object.error());
    return read_challenge(*object);
}

std::string AuthorizationObject::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.name("identifier");
    write_identifier(writer, to_string(identifier.type()), identifier.base_value());
    writer.member("status", to_string(status));
    writer.optional_member("expires", expires);
    writer.name("challenges");
    writer.begin_array();
    for (const ChallengeObject& challenge : challenges) write_challenge(writer, challenge);
    writer.end_array();
    // RFC 8555 section 7.1.4: true, or absent.
    if (wildcard) writer.member("wildcard", true);
    if (subdomain_auth_allowed) writer.member("subdomainAuthAllowed", true);
    writer.end_object();
    return writer.take();
}

base::Result<AuthorizationObject> AuthorizationObject::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return std::unexpected(object.error());

    MemberReader members(*object);
    const boost::json::object* identifier_object = members.object("identifier");
    if (identifier_object == nullptr) members.refuse("identifier", "missing");
    const std::optional<AuthorizationStatus> status =
        authorization_status_from(members.required_text("status"));
    if (!status) members.refuse("status", "unknown for an authorization");
    const boost::json::array* challenge_values = members.array("challenges");
    if (challenge_values == nullptr) members.refuse("challenges", "missing");
    if (members.error()) return std::unexpected(*members.error());
    MemberReader rest(*object);
    const std::optional<base::Time> expires = rest.time_if_sound("expires");
    const bool wildcard = rest.boolean("wildcard").value_or(false);
    const bool subdomains = rest.boolean("subdomainAuthAllowed").value_or(false);

    std::expected<Identifier, Subproblem> identifier = read_identifier(*identifier_object);
    if (!identifier) return base::fail(identifier.error().detail);
    if (identifier->is_wildcard()) return base::fail("identifier: begins with \"*.\"");
    base::Result<std::vector<ChallengeObject>> challenges = read_challenges(*challenge_values);
    if (!challenges) return std::unexpected(std::move(challenges.error()));
    return AuthorizationObject{*std::move(identifier), *status,  expires,
                               *std::move(challenges), wildcard, subdomains};
}

std::string NewAuthorizationRequest::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.name("identifier");
    writer.begin_object();
    writer.member("type", to_string(identifier.type()));
    writer.member("value", identifier.value());
    if (subdomain_auth_allowed) writer.member("subdomainAuthAllowed", true);
    writer.end_object();
    writer.end_object();
    return writer.take();
}

OrProblem<NewAuthorizationRequest> NewAuthorizationRequest::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error());
    MemberReader members(*object);
    const boost::json::object* described = members.object("identifier");
    if (described == nullptr) members.refuse("identifier", "missing");
    if (members.error()) return malformed(*members.error());
    MemberReader description(*described);
    const bool subdomains = description.boolean("subdomainAuthAllowed").value_or(false);
    if (description.error()) return malformed(description.error()->within("identifier"));

    std::expected<Identifier, Subproblem> identifier = read_identifier(*described);
    if (!identifier) {
        const ProblemType type = identifier.error().type;
        // Section 7.4.1: an identifier for which no certificate would be issued is forbidden.
        return std::unexpected(type == ProblemType::malformed
                                   ? Problem(type, identifier.error().detail)
                                   : Problem(type, identifier.error().detail, 403));
    }
    const auto refuse = [](std::string_view reason) {
        return malformed(base::Error{"identifier: " + std::string(reason)});
    };
    if (identifier->is_wildcard())
        return refuse("a wildcard cannot be authorized in advance (RFC 8555 section 7.4.1)");
    if (subdomains && identifier->type() != IdentifierType::dns)
        return refuse("only a domain name has subdomains");
    return NewAuthorizationRequest{*std::move(identifier), subdomains};
}

OrProblem<void> parse_authorization_update(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error());
    MemberReader members(*object);
    const std::string_view status = members.required_text("status");
    if (status != to_string(AuthorizationStatus::deactivated)) {
        members.refuse("status", "an authorization can only be changed to deactivated");
    }
    if (members.error()) return malformed(*members.error());
    return {};
}

OrProblem<void> parse_challenge_response(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error());
    return {};
}

}  // namespace cairn::protocol
