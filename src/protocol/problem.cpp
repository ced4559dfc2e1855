#include "protocol/problem.h"

#include "base/enum_table.h"
#include "protocol/identifier_json.h"
#include "protocol/json.h"
#include "protocol/problem_json.h"

namespace cairn::protocol {
namespace {

constexpr std::string_view prefix = "urn:ietf:params:acme:error:";
/// What stands for "no type" (RFC 9457 section 4.2.1).
constexpr std::string_view blank_type = "about:blank";

// Limits for the document of a peer.
constexpr std::size_t max_detail_length = 1000;
constexpr std::size_t max_uri_length = 2000;
constexpr std::size_t max_subproblems = 1000;
constexpr std::size_t max_algorithms = 32;

struct TypeFacts {
    std::string_view name;
    int status = 0;
};
constexpr base::EnumTable<ProblemType, TypeFacts> types({
    {ProblemType::account_does_not_exist, {"accountDoesNotExist", 400}},
    {ProblemType::already_replaced, {"alreadyReplaced", 409}},
    {ProblemType::already_revoked, {"alreadyRevoked", 400}},
    {ProblemType::bad_csr, {"badCSR", 400}},
    {ProblemType::bad_nonce, {"badNonce", 400}},
    {ProblemType::bad_public_key, {"badPublicKey", 400}},
    {ProblemType::bad_revocation_reason, {"badRevocationReason", 400}},
    {ProblemType::bad_signature_algorithm, {"badSignatureAlgorithm", 400}},
    {ProblemType::caa, {"caa", 403}},
    {ProblemType::compound, {"compound", 400}},
    {ProblemType::connection, {"connection", 400}},
    {ProblemType::dns, {"dns", 400}},
    {ProblemType::external_account_required, {"externalAccountRequired", 403}},
    {ProblemType::incorrect_response, {"incorrectResponse", 403}},
    {ProblemType::invalid_contact, {"invalidContact", 400}},
    {ProblemType::invalid_profile, {"invalidProfile", 400}},
    {ProblemType::malformed, {"malformed", 400}},
    {ProblemType::order_not_ready, {"orderNotReady", 403}},
    {ProblemType::rate_limited, {"rateLimited", 429}},
    {ProblemType::rejected_identifier, {"rejectedIdentifier", 400}},
    {ProblemType::server_internal, {"serverInternal", 500}},
    {ProblemType::tls, {"tls", 400}},
    {ProblemType::unauthorized, {"unauthorized", 403}},
    {ProblemType::unsupported_contact, {"unsupportedContact", 400}},
    {ProblemType::unsupported_identifier, {"unsupportedIdentifier", 400}},
    {ProblemType::user_action_required, {"userActionRequired", 403}},
    {ProblemType::unknown, {"unknown", 500}},
});

ProblemType type_from(std::string_view uri) {
    if (!uri.starts_with(prefix)) return ProblemType::unknown;
    uri.remove_prefix(prefix.size());
    return types.find(uri, &TypeFacts::name).value_or(ProblemType::unknown);
}

std::string type_uri_of(ProblemType type, std::string_view unknown_uri) {
    if (type != ProblemType::unknown) return std::string(prefix) + std::string(to_string(type));
    return std::string(unknown_uri.empty() ? blank_type : unknown_uri);
}

/// A string of a peer, made safe for logs and terminals; empty if the value is no string.
std::string printable_member(MemberReader& members, std::string_view name, std::size_t limit) {
    return base::printable(members.text(name).value_or(std::string_view()), limit);
}

Subproblem read_subproblem(const boost::json::object& object) {
    MemberReader members(object);
    Subproblem subproblem;
    subproblem.type = type_from(members.text("type").value_or(std::string_view()));
    subproblem.detail = printable_member(members, "detail", max_detail_length);
    if (const boost::json::object* identifier = members.object("identifier")) {
        MemberReader parts(*identifier);
        subproblem.identifier.emplace(printable_member(parts, "type", 50),
                                      printable_member(parts, "value", 255));
    }
    return subproblem;
}

void write_subproblem(JsonWriter& writer, const Subproblem& subproblem) {
    writer.begin_object();
    writer.member("type", type_uri_of(subproblem.type, {}));
    writer.member("detail", subproblem.detail);
    if (subproblem.identifier) {
        writer.name("identifier");
        write_identifier(writer, subproblem.identifier->first, subproblem.identifier->second);
    }
    writer.end_object();
}

}  // namespace

std::string_view to_string(ProblemType type) {
    return types[type].name;
}

int default_status(ProblemType type) {
    return types[type].status;
}

void write_problem(JsonWriter& writer, const Problem& problem) {
    writer.begin_object();
    writer.member("type", type_uri_of(problem.type, problem.type_uri));
    writer.member("detail", problem.detail);
    writer.member("status", problem.status);
    if (!problem.subproblems.empty()) {
        writer.name("subproblems");
        writer.begin_array();
        for (const Subproblem& subproblem : problem.subproblems) {
            write_subproblem(writer, subproblem);
        }
        writer.end_array();
    }
    writer.optional_member("algorithms", problem.algorithms);
    writer.optional_member("instance", problem.instance);
    writer.end_object();
}

Problem read_problem(const boost::json::object& object) {
    MemberReader members(object);
    const std::string_view uri = members.text("type").value_or(blank_type);
    Problem problem(type_from(uri), printable_member(members, "detail", max_detail_length));
    if (problem.type == ProblemType::unknown) {
        problem.type_uri = base::printable(uri, max_uri_length);
    }
    const std::int64_t status = members.integer("status").value_or(problem.status);
    if (status >= 100 && status <= 599) problem.status = static_cast<int>(status);
    problem.instance = printable_member(members, "instance", max_uri_length);

    if (const boost::json::array* subproblems = members.array("subproblems")) {
        for (const boost::json::value& subproblem : *subproblems) {
            if (problem.subproblems.size() == max_subproblems) break;
            if (const boost::json::object* its_object = subproblem.if_object()) {
                problem.subproblems.push_back(read_subproblem(*its_object));
            }
        }
    }
    for (const std::string& algorithm : members.texts("algorithms", max_algorithms)) {
        problem.algorithms.push_back(base::printable(algorithm, 50));
    }
    return problem;
}

std::string Problem::to_json() const {
    JsonWriter writer;
    write_problem(writer, *this);
    return writer.take();
}

base::Result<Problem> Problem::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return std::unexpected(object.error());
    return read_problem(*object);
}

}  // namespace cairn::protocol
