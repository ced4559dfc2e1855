#include "protocol/order.h"

#include <algorithm>
#include <set>

#include "base/base64url.h"
#include "protocol/ancestor_domain.h"
#include "protocol/identifier_json.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"
#include "protocol/problem_json.h"

namespace cairn::protocol {
namespace {

constexpr std::size_t max_csr_length = 32 * 1024;

std::unexpected<Problem> malformed_order(std::string detail) {
    return malformed(base::Error{std::move(detail)});
}

void write_identifiers(JsonWriter& writer, const std::vector<Identifier>& identifiers) {
    writer.name("identifiers");
    writer.begin_array();
    for (const Identifier& identifier : identifiers) {
        write_identifier(writer, to_string(identifier.type()), identifier.value());
    }
    writer.end_array();
}

/// One problem out of those of single identifiers (RFC 8555 section 6.7.1).
Problem combined(std::vector<Subproblem> flaws) {
    const bool alike = std::ranges::all_of(
        flaws, [&](const Subproblem& flaw) { return flaw.type == flaws.front().type; });
    Problem problem(alike ? flaws.front().type : ProblemType::compound,
                    flaws.size() == 1 ? flaws.front().detail
                                      : std::to_string(flaws.size()) + " identifiers are refused");
    problem.subproblems = std::move(flaws);
    return problem;
}

/// The ancestor domain of an identifier (RFC 9444 section 4.3), if it has one; else what is wrong.
base::Result<std::optional<DnsName>> read_ancestor(const boost::json::object& object,
                                                   const Identifier& identifier) {
    MemberReader members(object);
    const std::optional<std::string_view> text = members.text("ancestorDomain");
    if (members.error()) return std::unexpected(*members.error());
    if (!text) return std::nullopt;
    const base::Result<DnsName> ancestor = DnsName::from_text(*text);
    if (!ancestor) return std::unexpected(ancestor.error().within("ancestorDomain"));
    if (identifier.type() != IdentifierType::dns || !is_below(identifier, *ancestor)) {
        return base::fail("ancestorDomain: " + identifier.value() + " is not below " +
                          ancestor->text());
    }
    return *ancestor;
}

/// Reads the identifiers of a newOrder, each once, and what they say of ancestors.
OrProblem<void> read_new_identifiers(const boost::json::array& values, NewOrderRequest& request) {
    std::vector<Identifier>& identifiers = request.identifiers;
    std::set<Identifier> seen;
    std::vector<Subproblem> flaws;
    identifiers.reserve(values.size());
    for (const boost::json::value& value : values) {
        std::expected<Identifier, Subproblem> identifier = read_identifier(value);
        if (identifier) {
            base::Result<std::optional<DnsName>> ancestor =
                read_ancestor(value.get_object(), *identifier);
            if (!ancestor) return malformed_order(std::move(ancestor.error().message));
            if (*ancestor) request.ancestors.try_emplace(*identifier, **ancestor);
            if (seen.insert(*identifier).second) identifiers.push_back(*std::move(identifier));
        } else if (identifier.error().identifier) {
            flaws.push_back(std::move(identifier.error()));
        } else {
            return malformed_order(std::move(identifier.error().detail));
        }
    }
    if (!flaws.empty()) return std::unexpected(combined(std::move(flaws)));
    return {};
}

/// The identifiers of a server's order that can be read; a client knows what it has ordered.
std::vector<Identifier> read_identifiers(MemberReader& members) {
    std::vector<Identifier> identifiers;
    const boost::json::array* values = members.array("identifiers");
    if (values == nullptr || values->size() > NewOrderRequest::max_identifiers) return identifiers;
    identifiers.reserve(values->size());
    for (const boost::json::value& value : *values) {
        std::expected<Identifier, Subproblem> identifier = read_identifier(value);
        if (identifier) identifiers.push_back(*std::move(identifier));
    }
    return identifiers;
}

}  // namespace

std::string OrderObject::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.member("status", to_string(status));
    writer.optional_member("expires", expires);
    write_identifiers(writer, identifiers);
    writer.optional_member("notBefore", not_before);
    writer.optional_member("notAfter", not_after);
    if (error) {
        writer.name("error");
        write_problem(writer, *error);
    }
    writer.member("authorizations", authorizations);
    writer.member("finalize", finalize);
    writer.optional_member("certificate", certificate);
    writer.optional_member("profile", profile);
    writer.optional_member("replaces", replaces);
    writer.end_object();
    return writer.take();
}

base::Result<OrderObject> OrderObject::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return std::unexpected(object.error());

    MemberReader members(*object);
    OrderObject order;
    const std::optional<OrderStatus> status = order_status_from(members.required_text("status"));
    if (!status) members.refuse("status", "unknown for an order");
    order.status = status.value_or(OrderStatus::pending);
    order.authorizations = members.texts("authorizations", NewOrderRequest::max_identifiers);
    order.finalize = members.text_or_empty("finalize");
    order.certificate = members.text_or_empty("certificate");
    // A client does not need the rest, and some servers write it wrongly.
    MemberReader rest(*object);
    order.expires = rest.time_if_sound("expires");
    order.identifiers = read_identifiers(rest);
    order.not_before = rest.time_if_sound("notBefore");
    order.not_after = rest.time_if_sound("notAfter");
    if (const boost::json::object* error = rest.object("error")) order.error = read_problem(*error);
    order.profile = rest.text_or_empty("profile");
    order.replaces = rest.text_or_empty("replaces");
    if (members.error()) return std::unexpected(*members.error());
    return order;
}

std::string NewOrderRequest::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.name("identifiers");
    writer.begin_array();
    for (const Identifier& identifier : identifiers) {
        writer.begin_object();
        writer.member("type", to_string(identifier.type()));
        writer.member("value", identifier.value());
        const auto ancestor = ancestors.find(identifier);
        if (ancestor != ancestors.end()) writer.member("ancestorDomain", ancestor->second.text());
        writer.end_object();
    }
    writer.end_array();
    writer.optional_member("notBefore", not_before);
    writer.optional_member("notAfter", not_after);
    writer.optional_member("profile", profile);
    writer.optional_member("replaces", replaces);
    writer.end_object();
    return writer.take();
}

OrProblem<NewOrderRequest> NewOrderRequest::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error());

    MemberReader members(*object);
    NewOrderRequest request;
    const boost::json::array* identifiers = members.array("identifiers");
    request.not_before = members.time("notBefore");
    request.not_after = members.time("notAfter");
    request.profile = members.text_or_empty("profile");
    request.replaces = members.text_or_empty("replaces");
    if (members.error()) return malformed(*members.error());
    if (identifiers == nullptr || identifiers->empty()) {
        return malformed_order("the order names no identifiers");
    }
    if (identifiers->size() > max_identifiers) {
        return malformed_order("the order names more than " + std::to_string(max_identifiers) +
                               " identifiers");
    }
    if (request.not_before && request.not_after && *request.not_after < *request.not_before) {
        return malformed_order("notAfter is before notBefore");
    }
    OrProblem<void> read = read_new_identifiers(*identifiers, request);
    if (!read) return std::unexpected(std::move(read.error()));
    return request;
}

std::string FinalizeRequest::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.member("csr", base::base64url(csr));
    writer.end_object();
    return writer.take();
}

OrProblem<FinalizeRequest> FinalizeRequest::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error());

    MemberReader members(*object);
    const std::string_view text = members.required_text("csr");
    if (members.error()) return malformed(*members.error());
    base::Result<base::Bytes> csr = base::from_base64url(text);
    if (!csr) {
        return std::unexpected(Problem(ProblemType::bad_csr, csr.error().within("csr").message));
    }
    if (csr->size() > max_csr_length) {
        return std::unexpected(Problem(ProblemType::bad_csr, "csr: longer than 32 KiB"));
    }
    return FinalizeRequest{*std::move(csr)};
}

}  // namespace cairn::protocol
