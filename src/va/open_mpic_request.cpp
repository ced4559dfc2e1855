#include "va/open_mpic_request.h"

#include <algorithm>
#include <utility>

#include "base/base64url.h"
#include "net/ascii.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"
#include "protocol/key_authorization.h"

namespace cairn::va {

using protocol::Identifier;
using protocol::IdentifierType;
using protocol::JsonWriter;
using protocol::MemberReader;

namespace {

constexpr std::size_t most_domains = 32;
constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_account_url = 2000;
constexpr std::size_t longest_trace = 200;
/// RFC 8555 section 8.1: a token, a dot and a thumbprint.
constexpr std::size_t longest_key_authorization = 300;
/// The string of a TXT record that a DNS provider takes without parting it.
constexpr std::size_t longest_record_text = 255;

bool is_printable(std::string_view text, std::size_t limit) {
    return text.size() <= limit && base::printable(text, limit) == text;
}

base::Result<Identifier> read_target(std::string_view text) {
    if (base::IpAddress::from_text(text)) return Identifier::ip(text);
    return Identifier::dns(text);
}

// base64url as the specification says for dns-01, or hex as open-mpic-core has it for tls-alpn-01.
std::optional<crypto::Sha256Digest> read_digest(std::string_view text) {
    crypto::Sha256Digest digest{};
    auto octets =
        text.size() == 2 * digest.size() ? base::from_hex(text) : base::from_base64url(text);
    if (!octets || octets->size() != digest.size()) return std::nullopt;
    std::ranges::copy(*octets, digest.begin());
    return digest;
}

// Labels of letters, digits, "-" and "_".
bool is_record_prefix(std::string_view text) {
    if (text.size() > longest_name || text.starts_with('.') || text.ends_with('.') ||
        text.contains(".."))
        return false;
    return text.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
               ".") == std::string_view::npos;
}

std::optional<base::Error> read_http(MemberReader& reader, OpenMpicProof& proof) {
    proof.token = reader.required_text("token");
    proof.key_authorization = reader.required_text("key_authorization");
    const auto* fields = reader.object("http_headers");
    if (reader.error()) return reader.error();
    if (!protocol::Token::from_text(proof.token))
        return base::Error{"token: must be 22 to 256 characters of base64url (RFC 8555)"};
    if (proof.key_authorization.empty() ||
        !is_printable(proof.key_authorization, longest_key_authorization))
        return base::Error{"key_authorization: must be 1 to 300 printable characters"};
    if (fields == nullptr) return std::nullopt;
    for (const auto& [name, value] : *fields) {
        const auto* text = value.if_string();
        if (net::ascii_lower(std::string_view(name)) != "user-agent" || text == nullptr)
            return base::Error{"http_headers: no field but User-Agent is sent from here"};
        proof.user_agent = std::string_view(*text);
        if (!is_printable(proof.user_agent, longest_trace))
            return base::Error{
                "http_headers: User-Agent must be printable, 200 characters at most"};
    }
    return std::nullopt;
}

std::optional<base::Error> read_change(MemberReader& reader, OpenMpicProof& proof) {
    proof.record_text = reader.required_text("challenge_value");
    const auto type = reader.required_text("dns_record_type");
    proof.record_prefix = reader.text_or_empty("dns_name_prefix");
    const bool is_exact = reader.boolean("require_exact_match").value_or(false) &&
                          reader.boolean("require_exact_case").value_or(true);
    if (reader.error()) return reader.error();
    if (type != "TXT" || !is_exact)
        return base::Error{
            "dns_record_type: of dns-change, TXT with require_exact_match and in exact case is "
            "carried out here, and nothing else"};
    if (!is_record_prefix(proof.record_prefix))
        return base::Error{"dns_name_prefix: must be labels of letters, digits, - and _"};
    if (proof.record_text.empty() || !is_printable(proof.record_text, longest_record_text))
        return base::Error{"challenge_value: must be 1 to 255 printable characters"};
    return std::nullopt;
}

std::optional<base::Error> read_persistent(MemberReader& reader, OpenMpicProof& proof) {
    proof.issuer_names = reader.texts("issuer_domain_names", most_domains);
    proof.account_url = reader.required_text("expected_account_uri");
    if (reader.error()) return reader.error();
    const bool are_names =
        !proof.issuer_names.empty() && std::ranges::all_of(proof.issuer_names, [](const auto& one) {
            return !one.empty() && is_printable(one, longest_name);
        });
    if (!are_names) return base::Error{"issuer_domain_names: must be 1 to 32 domain names"};
    if (proof.account_url.empty() || !is_printable(proof.account_url, longest_account_url))
        return base::Error{"expected_account_uri: must be a URI"};
    return std::nullopt;
}

std::optional<base::Error> read_hash(MemberReader& reader, OpenMpicProof& proof) {
    const auto digest = read_digest(reader.required_text("key_authorization_hash"));
    if (reader.error()) return reader.error();
    if (!digest)
        return base::Error{
            "key_authorization_hash: must be SHA-256 of the key authorization, in base64url or "
            "hex"};
    proof.digest = *digest;
    return std::nullopt;
}

using ReadMethod = std::optional<base::Error> (*)(MemberReader&, OpenMpicProof&);
constexpr base::EnumTable<OpenMpicMethod, ReadMethod> readers({
    {OpenMpicMethod::acme_http_01, &read_http},
    {OpenMpicMethod::acme_dns_01, &read_hash},
    {OpenMpicMethod::acme_tls_alpn_01, &read_hash},
    {OpenMpicMethod::dns_change, &read_change},
    {OpenMpicMethod::dns_persistent, &read_persistent},
});

base::Result<OpenMpicProof> read_proof(MemberReader& reader) {
    const auto* object = reader.object("dcv_check_parameters");
    if (object == nullptr) return base::fail("dcv_check_parameters: is missing");
    MemberReader members(*object);
    const auto name = members.required_text("validation_method");
    if (members.error()) return std::unexpected(*members.error());
    const auto method = open_mpic_method_names.find(name);
    if (!method)
        return base::fail("validation_method: " + base::printable(name, 40) +
                          " is not carried out here, but " + base::listed(open_mpic_method_names));
    OpenMpicProof proof{.method = *method};
    if (auto error = readers[*method](members, proof)) return std::unexpected(*std::move(error));
    return proof;
}

// Whether a method says anything about such a target.
std::optional<base::Error> target_fault(const Identifier& target, const OpenMpicProof& proof) {
    const bool is_by_connection = proof.method == OpenMpicMethod::acme_http_01 ||
                                  proof.method == OpenMpicMethod::acme_tls_alpn_01;
    if (is_by_connection && target.is_wildcard())
        return base::Error{"domain_or_ip_target: this method proves no control of wildcards"};
    if (!is_by_connection && target.type() == IdentifierType::ip)
        return base::Error{"domain_or_ip_target: the DNS proves no control of addresses"};
    return std::nullopt;
}

base::Result<OpenMpicCounts> read_orchestration(const boost::json::object& object) {
    MemberReader members(object);
    OpenMpicCounts counts{.perspectives = members.integer("perspective_count"),
                          .quorum = members.integer("quorum_count"),
                          .attempts = members.integer("max_attempts")};
    const auto cohort = members.integer("cohort_for_single_attempt");
    if (members.error()) return std::unexpected(*members.error());
    if (cohort.value_or(1) != 1)
        return base::fail(
            "cohort_for_single_attempt: a target has one set of perspectives here, 1");
    if (cohort) counts.attempts = 1;
    const auto is_sound = [](const std::optional<std::int64_t>& count, std::int64_t least) {
        return !count || (*count >= least && *count <= 1000);
    };
    if (!is_sound(counts.perspectives, 1) || !is_sound(counts.quorum, 0) ||
        !is_sound(counts.attempts, 1))
        return base::fail("orchestration_parameters: a count is out of range");
    if (counts.perspectives && counts.quorum && *counts.quorum > *counts.perspectives)
        return base::fail("quorum_count: must not be beyond perspective_count");
    return counts;
}

std::optional<base::Error> read_caa_parameters(MemberReader& reader,
                                               std::vector<std::string>& domains) {
    const auto* object = reader.object("caa_check_parameters");
    if (object == nullptr) return std::nullopt;
    MemberReader members(*object);
    const auto type = members.text_or_empty("certificate_type");
    domains = members.texts("caa_domains", most_domains);
    const bool is_lax = members.boolean("allow_lookup_failure").value_or(false);
    if (members.error()) return members.error();
    if (!type.empty() && type != "tls-server")
        return base::Error{"certificate_type: tls-server is judged here, and nothing else"};
    if (is_lax)
        return base::Error{"allow_lookup_failure: what cannot be looked up permits nothing here"};
    if (!std::ranges::all_of(domains, [](const auto& domain) {
            return !domain.empty() && is_printable(domain, longest_name);
        }))
        return base::Error{"caa_domains: must be domain names"};
    return std::nullopt;
}

// All of a request but what says who is to look, and at what.
base::Result<OpenMpicRequest> read_question(MemberReader& reader, OpenMpicCheck check) {
    auto target = read_target(reader.required_text("domain_or_ip_target"));
    const auto trace = reader.text("trace_identifier");
    if (reader.error()) return std::unexpected(*reader.error());
    if (!target) return std::unexpected(target.error().within("domain_or_ip_target"));
    OpenMpicRequest request{.target = *std::move(target)};
    if (trace) request.trace = std::string(*trace);
    if (trace && !is_printable(*trace, longest_trace))
        return base::fail("trace_identifier: must be at most 200 printable characters");
    if (check == OpenMpicCheck::caa) {
        if (request.target.type() == IdentifierType::ip)
            return base::fail("domain_or_ip_target: an address has no CAA records");
        if (auto error = read_caa_parameters(reader, request.caa_domains))
            return std::unexpected(*std::move(error));
        if (reader.error()) return std::unexpected(*reader.error());
        return request;
    }
    auto proof = read_proof(reader);
    if (!proof) return std::unexpected(proof.error());
    if (auto error = target_fault(request.target, *proof)) return std::unexpected(*error);
    request.proof = *std::move(proof);
    return request;
}

void write_proof(JsonWriter& writer, const OpenMpicProof& proof) {
    writer.begin_object();
    writer.member("validation_method", open_mpic_method_names[proof.method]);
    switch (proof.method) {
        case OpenMpicMethod::acme_http_01:
            writer.member("token", proof.token);
            writer.member("key_authorization", proof.key_authorization);
            if (!proof.user_agent.empty()) {
                writer.name("http_headers");
                writer.begin_object();
                writer.member("User-Agent", proof.user_agent);
                writer.end_object();
            }
            break;
        case OpenMpicMethod::acme_dns_01:
            writer.member("key_authorization_hash", base::base64url(proof.digest));
            break;
        case OpenMpicMethod::acme_tls_alpn_01:
            writer.member("key_authorization_hash", base::to_hex(proof.digest));
            break;
        case OpenMpicMethod::dns_change:
            writer.member("dns_record_type", std::string_view("TXT"));
            writer.member("dns_name_prefix", proof.record_prefix);
            writer.member("challenge_value", proof.record_text);
            writer.member("require_exact_match", true);
            break;
        case OpenMpicMethod::dns_persistent:
            writer.member("issuer_domain_names", proof.issuer_names);
            writer.member("expected_account_uri", proof.account_url);
            break;
    }
    writer.end_object();
}

}  // namespace

std::string OpenMpicRequest::parameters_to_json() const {
    JsonWriter writer;
    if (proof) {
        write_proof(writer, *proof);
        return writer.take();
    }
    writer.begin_object();
    writer.member("certificate_type", std::string_view("tls-server"));
    writer.optional_member("caa_domains", caa_domains);
    writer.end_object();
    return writer.take();
}

std::string OpenMpicRequest::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.member("check_type", open_mpic_check_names[check()]);
    writer.member("domain_or_ip_target", target.value());
    if (trace) writer.member("trace_identifier", *trace);
    if (counts) {
        writer.name("orchestration_parameters");
        writer.begin_object();
        if (counts->perspectives) writer.member("perspective_count", *counts->perspectives);
        if (counts->quorum) writer.member("quorum_count", *counts->quorum);
        if (counts->attempts) writer.member("max_attempts", *counts->attempts);
        writer.end_object();
    }
    writer.name(proof ? "dcv_check_parameters" : "caa_check_parameters");
    writer.raw(parameters_to_json());
    writer.end_object();
    return writer.take();
}

base::Result<OpenMpicRequest> OpenMpicRequest::from_json(base::BytesView json) {
    if (json.size() > largest_open_mpic_request) return base::fail("it is too long");
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    MemberReader reader(*object);
    const auto check = open_mpic_check_names.find(reader.required_text("check_type"));
    const auto* orchestration = reader.object("orchestration_parameters");
    if (reader.error()) return std::unexpected(*reader.error());
    if (!check) return base::fail("check_type: must be dcv or caa");
    auto request = read_question(reader, *check);
    if (!request || orchestration == nullptr) return request;
    auto counts = read_orchestration(*orchestration);
    if (!counts) return std::unexpected(counts.error());
    request->counts = *counts;
    return request;
}

base::Result<OpenMpicRequest> OpenMpicRequest::from_perspective_json(base::BytesView json,
                                                                     OpenMpicCheck check) {
    if (json.size() > largest_open_mpic_request) return base::fail("it is too long");
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    MemberReader reader(*object);
    return read_question(reader, check);
}

}  // namespace cairn::va
