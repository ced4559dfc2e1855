#include "va/open_mpic_response.h"

#include <algorithm>
#include <set>
#include <utility>

#include <boost/json/serialize.hpp>

#include "crypto/base64.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"

namespace cairn::va {

using protocol::JsonWriter;
using protocol::MemberReader;

namespace {

constexpr std::size_t longest_code = 64;
constexpr std::size_t longest_line = 400;
constexpr std::size_t most_faults = 16;
constexpr std::size_t most_redirects = 16;
constexpr std::size_t most_records = 20;

std::string line(std::string_view text) {
    return base::printable(text, longest_line);
}

std::vector<std::string> lines(const std::vector<std::string>& texts) {
    std::vector<std::string> some;
    for (std::size_t i = 0; i < std::min(texts.size(), most_records); ++i)
        some.push_back(line(texts[i]));
    return some;
}

// What the schema has as one text for several records.
std::vector<std::string> lines_in(std::string_view text) {
    std::vector<std::string> found;
    while (!text.empty() && found.size() < most_records) {
        const auto end = std::min(text.find('\n'), text.size());
        found.push_back(line(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return found;
}

// Details are for people alone: what is missing or of another type is left out, never an error.
class Details {
  public:
    explicit Details(const boost::json::object& object) : object_(object) {}
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const {
        const auto* value = object_.if_contains(name);
        const auto* text = value == nullptr ? nullptr : value->if_string();
        return text == nullptr ? std::nullopt : std::optional(line(*text));
    }
    [[nodiscard]] std::optional<int> number(std::string_view name) const {
        const auto* value = object_.if_contains(name);
        const auto* number = value == nullptr ? nullptr : value->if_int64();
        if (number == nullptr) return std::nullopt;
        return static_cast<int>(std::clamp<std::int64_t>(*number, 0, 65535));
    }
    [[nodiscard]] bool is_true(std::string_view name) const {
        const auto* value = object_.if_contains(name);
        return value != nullptr && value->is_bool() && value->get_bool();
    }
    /// Strings as they are, and anything else as JSON: implementations differ in what a record is.
    [[nodiscard]] std::vector<std::string> records() const {
        std::vector<std::string> found;
        const auto* value = object_.if_contains("records_seen");
        if (value == nullptr) return found;
        if (const auto* one = value->if_string()) return lines_in(*one);
        const auto* list = value->if_array();
        for (std::size_t i = 0; list != nullptr && i < std::min(list->size(), most_records); ++i)
            if (const auto* text = (*list)[i].if_string())
                found.push_back(line(*text));
            else
                found.push_back(line(boost::json::serialize((*list)[i])));
        return found;
    }
    [[nodiscard]] const boost::json::array* list(std::string_view name) const {
        const auto* value = object_.if_contains(name);
        return value == nullptr ? nullptr : value->if_array();
    }

  private:
    const boost::json::object& object_;
};

Evidence::WebAnswer read_web(const Details& details) {
    Evidence::WebAnswer web{
        .url = details.text("response_url").value_or(""),
        .status = static_cast<unsigned>(details.number("response_status_code").value_or(0))};
    if (const auto page = crypto::from_base64(details.text("response_page").value_or("")))
        web.page = line(base::text_of(*page));
    const auto* history = details.list("response_history");
    for (std::size_t i = 0; history != nullptr && i < std::min(history->size(), most_redirects);
         ++i) {
        const auto* one = (*history)[i].if_object();
        if (one == nullptr) continue;
        // The specification's names, and those of open-mpic-core.
        const Details redirect(*one);
        const bool is_specified = one->contains("response_status_code");
        web.redirects.push_back(
            {redirect.text(is_specified ? "response_url" : "url").value_or(""),
             static_cast<unsigned>(
                 redirect.number(is_specified ? "response_status_code" : "status_code")
                     .value_or(0))});
    }
    return web;
}

void read_details(const boost::json::object& object, OpenMpicCheck check, OpenMpicVote& vote) {
    const Details details(object);
    if (check == OpenMpicCheck::caa) {
        vote.caa = OpenMpicVote::Caa{.is_present = details.is_true("caa_record_present"),
                                     .owner = details.text("found_at").value_or(""),
                                     .records = details.records()};
        return;
    }
    vote.resolved_address = details.text("resolved_ip");
    if (details.text("response_url")) {
        vote.web = read_web(details);
    } else if (details.number("response_code")) {
        vote.texts =
            Evidence::TextAnswer{.name = details.text("found_at").value_or(""),
                                 .records = details.records(),
                                 .response_code = details.number("response_code").value_or(0),
                                 .is_secure = details.is_true("ad_flag")};
    } else {
        vote.common_name = details.text("common_name");
    }
}

base::Result<OpenMpicVote> read_vote(const boost::json::value& value, OpenMpicCheck check) {
    const auto* object = value.if_object();
    if (object == nullptr) return base::fail("perspectives: holds something else than objects");
    MemberReader outer(*object);
    const auto code = outer.required_text("perspective_code");
    const auto* nested = outer.object("check_response");
    if (outer.error()) return std::unexpected(*outer.error());
    if (!is_open_mpic_code(code))
        return base::fail("perspective_code: must be 1 to 64 letters, digits and -_.:");
    MemberReader members(nested == nullptr ? *object : *nested);
    const auto passed = members.boolean("check_passed");
    OpenMpicVote vote{.code = std::string(code),
                      .has_passed = passed.value_or(false),
                      .is_completed = members.boolean("check_completed").value_or(true),
                      .nanoseconds = members.integer("timestamp_ns")};
    const auto type = members.text("check_type");
    const auto* errors = members.array("errors");
    if (members.error()) return std::unexpected(members.error()->within(code));
    if (!passed) return base::fail(vote.code + ": check_passed: is missing");
    if (type && *type != open_mpic_check_names[check])
        return base::fail(vote.code + ": check_type: is not that of the response");
    for (std::size_t i = 0; errors != nullptr && i < std::min(errors->size(), most_faults); ++i)
        if (const auto* error = (*errors)[i].if_object())
            vote.faults.push_back({Details(*error).text("error_type").value_or(""),
                                   Details(*error).text("error_message").value_or("")});
    const auto& holder = nested == nullptr ? *object : *nested;
    if (const auto* details = holder.if_contains("details"); details && details->is_object())
        read_details(details->get_object(), check, vote);
    return vote;
}

void write_web(JsonWriter& writer, const OpenMpicVote& vote) {
    const auto& web = *vote.web;
    writer.name("response_history");
    writer.begin_array();
    for (std::size_t i = 0; i < std::min(web.redirects.size(), most_redirects); ++i) {
        const auto status = static_cast<std::int64_t>(web.redirects[i].status);
        const auto url = line(web.redirects[i].url);
        writer.begin_object();
        writer.member("response_status_code", status);
        writer.member("response_url", url);
        // As open-mpic-core calls them.
        writer.member("status_code", status);
        writer.member("url", url);
        writer.end_object();
    }
    writer.end_array();
    writer.member("response_url", line(web.url));
    writer.member("response_status_code", static_cast<std::int64_t>(web.status));
    writer.member("response_page", crypto::base64(base::bytes_of(web.page)));
    if (vote.resolved_address) writer.member("resolved_ip", *vote.resolved_address);
}

/// What stands where the DNS gave no answer (SERVFAIL, RFC 1035 section 4.1.1).
constexpr int no_answer = 2;

/// The details that the schema demands also of a perspective that found out nothing.
OpenMpicVote with_details(const OpenMpicVote& vote, const OpenMpicRequest& request) {
    auto full = vote;
    if (vote.web || vote.texts || vote.common_name || vote.caa) return full;
    if (!request.proof) {
        full.caa = OpenMpicVote::Caa{};
        return full;
    }
    switch (request.proof->method) {
        case OpenMpicMethod::acme_http_01:
            full.web = Evidence::WebAnswer{};
            break;
        case OpenMpicMethod::acme_tls_alpn_01:
            full.common_name.emplace();
            break;
        case OpenMpicMethod::acme_dns_01:
        case OpenMpicMethod::dns_change:
        case OpenMpicMethod::dns_persistent:
            full.texts = Evidence::TextAnswer{.response_code = no_answer};
            break;
    }
    return full;
}

void write_details(JsonWriter& writer, const OpenMpicVote& vote, const OpenMpicRequest& request) {
    writer.begin_object();
    // By which open-mpic-core knows what kind of details they are.
    if (request.proof)
        writer.member("validation_method", open_mpic_method_names[request.proof->method]);
    if (vote.web) write_web(writer, vote);
    if (vote.texts) {
        writer.member("records_seen", lines(vote.texts->records));
        writer.member("response_code", static_cast<std::int64_t>(vote.texts->response_code));
        writer.member("ad_flag", vote.texts->is_secure);
        writer.member("found_at", line(vote.texts->name));
    }
    if (vote.common_name) writer.member("common_name", line(*vote.common_name));
    if (vote.caa) {
        writer.member("caa_record_present", vote.caa->is_present);
        writer.name("found_at");
        vote.caa->owner.empty() ? writer.raw("null") : writer.value(line(vote.caa->owner));
        // The specification describes a list of records, but gives it the type of one text; a list
        // is what open-mpic-core writes and reads.
        const auto records = lines(vote.caa->records);
        if (records.empty()) {
            writer.name("records_seen");
            writer.raw("null");
        } else {
            writer.member("records_seen", records);
        }
    }
    writer.end_object();
}

void write_check_response(JsonWriter& writer, const OpenMpicVote& vote, OpenMpicCheck check,
                          const OpenMpicRequest& request) {
    writer.begin_object();
    writer.member("check_type", open_mpic_check_names[check]);
    writer.member("check_passed", vote.has_passed);
    writer.member("check_completed", vote.is_completed);
    writer.member("timestamp_ns", vote.nanoseconds.value_or(0));
    writer.name("errors");
    writer.begin_array();
    for (const auto& fault : vote.faults) {
        writer.begin_object();
        writer.member("error_type", line(fault.type));
        writer.member("error_message", line(fault.message));
        writer.end_object();
    }
    writer.end_array();
    writer.name("details");
    write_details(writer, with_details(vote, request), request);
    writer.end_object();
}

void write_votes(JsonWriter& writer, const std::vector<OpenMpicVote>& votes, OpenMpicCheck check,
                 const OpenMpicRequest& request) {
    writer.begin_array();
    for (const auto& vote : votes) {
        writer.begin_object();
        writer.member("perspective_code", vote.code);
        writer.name("check_response");
        write_check_response(writer, vote, check, request);
        writer.end_object();
    }
    writer.end_array();
}

void write_counts(JsonWriter& writer, const OpenMpicCounts& counts, std::string_view attempts) {
    writer.begin_object();
    if (counts.perspectives) writer.member("perspective_count", *counts.perspectives);
    if (counts.quorum) writer.member("quorum_count", *counts.quorum);
    if (counts.attempts) writer.member(attempts, *counts.attempts);
    writer.end_object();
}

OpenMpicCounts read_counts(const boost::json::object& object) {
    const Details details(object);
    return {.perspectives = details.number("perspective_count"),
            .quorum = details.number("quorum_count"),
            .attempts = details.number("attempt_count")};
}

}  // namespace

bool is_open_mpic_code(std::string_view text) {
    return !text.empty() && text.size() <= longest_code &&
           text.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
               ".:") == std::string_view::npos;
}

std::string OpenMpicResponse::to_json(const OpenMpicRequest& request) const {
    JsonWriter writer;
    writer.begin_object();
    writer.member("check_type", open_mpic_check_names[check]);
    writer.member("domain_or_ip_target", target);
    writer.member("is_valid", is_valid);
    writer.member("mpic_completed", is_completed);
    writer.name("request_orchestration_parameters");
    if (request.counts)
        write_counts(writer, *request.counts, "max_attempts");
    else
        writer.raw("null");
    writer.name("actual_orchestration_parameters");
    write_counts(writer, counts, "attempt_count");
    if (trace) writer.member("trace_identifier", *trace);
    writer.name(check == OpenMpicCheck::dcv ? "dcv_check_parameters" : "caa_check_parameters");
    writer.raw(request.parameters_to_json());
    writer.name("perspectives");
    write_votes(writer, votes, check, request);
    writer.name("previous_attempt_results");
    writer.begin_array();
    for (const auto& attempt : former) write_votes(writer, attempt, check, request);
    writer.end_array();
    writer.end_object();
    return writer.take();
}

std::string check_response_json(const OpenMpicVote& vote, const OpenMpicRequest& request) {
    JsonWriter writer;
    write_check_response(writer, vote, request.check(), request);
    return writer.take();
}

base::Result<OpenMpicResponse> OpenMpicResponse::from_json(base::BytesView json) {
    if (json.size() > largest_open_mpic_response) return base::fail("it is too long");
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    MemberReader reader(*object);
    const auto check = open_mpic_check_names.find(reader.required_text("check_type"));
    const auto target = reader.required_text("domain_or_ip_target");
    const auto valid = reader.boolean("is_valid");
    const auto trace = reader.text("trace_identifier");
    OpenMpicResponse response{.check = check.value_or(OpenMpicCheck::dcv),
                              .target = line(target),
                              .is_valid = valid.value_or(false),
                              .is_completed = reader.boolean("mpic_completed").value_or(true)};
    const auto* counts = reader.object("actual_orchestration_parameters");
    const auto* list = reader.array("perspectives");
    if (reader.error()) return std::unexpected(*reader.error());
    if (!check) return base::fail("check_type: must be dcv or caa");
    if (!valid) return base::fail("is_valid: is missing");
    if (list == nullptr) return base::fail("perspectives: is missing");
    if (list->size() > most_open_mpic_perspectives) return base::fail("perspectives: are too many");
    if (trace) response.trace = line(*trace);
    if (counts != nullptr) response.counts = read_counts(*counts);
    std::set<std::string> codes;
    for (const auto& value : *list) {
        auto vote = read_vote(value, *check);
        if (!vote) return std::unexpected(vote.error());
        if (!codes.insert(vote->code).second)
            return base::fail("perspectives: has " + vote->code + " twice");
        response.votes.push_back(*std::move(vote));
    }
    return response;
}

std::optional<base::Error> fault_of(const OpenMpicResponse& response,
                                    const OpenMpicRequest& request) {
    if (response.check != request.check())
        return base::Error{"it is about " + std::string(open_mpic_check_names[response.check]) +
                           ", and not " + std::string(open_mpic_check_names[request.check()])};
    if (response.target != request.target.value())
        return base::Error{"it is about " + response.target + ", and not " +
                           request.target.value()};
    if (request.trace && response.trace && response.trace != request.trace)
        return base::Error{"it is the answer to another question (trace_identifier)"};
    const auto passed = std::ranges::count_if(
        response.votes, [](const auto& vote) { return vote.has_passed && vote.is_completed; });
    const auto wanted =
        response.counts.quorum.value_or(request.counts ? request.counts->quorum.value_or(0) : 0);
    if (response.is_valid && passed < wanted)
        return base::Error{"it contradicts itself: it is valid, with " + std::to_string(passed) +
                           " perspectives that passed, and a quorum of " + std::to_string(wanted)};
    return std::nullopt;
}

}  // namespace cairn::va
