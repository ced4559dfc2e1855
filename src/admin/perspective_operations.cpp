#include "admin/perspective_operations.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "admin/findings.h"
#include "admin/perspective_register.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

json::object perspective_facts(const PerspectiveFacts& facts) {
    json::object object{{"perspective", facts.name}, {"region", facts.region}, {"url", facts.url}};
    object["status"] = facts.failure.empty() ? "answers" : "silent";
    if (facts.program) object["program"] = *facts.program;
    if (facts.certificate_ends)
        object["certificateEnds"] = base::to_rfc3339(*facts.certificate_ends);
    if (!facts.failure.empty()) object["reason"] = base::printable(facts.failure, 500);
    return object;
}

PerspectiveRegister& register_of(const Context& context) {
    if (context.perspectives == nullptr)
        throw Refused(Refused::Kind::failed, "there is nobody here who knows perspectives");
    return *context.perspectives;
}

// The first word of the file, so that the code itself stands in no list of processes.
base::Result<std::vector<std::string>> read_code(std::string_view content) {
    const auto begin = content.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return base::fail("holds no code");
    content.remove_prefix(begin);
    return std::vector{std::string(content.substr(0, content.find_first_of(" \t\r\n")))};
}

base::Task<json::object> add(const Context& context, const Arguments& arguments) {
    const auto codes = arguments.words("code");
    Findings findings;
    if (codes.size() > 1) findings.add("code: there is one for each");
    const auto region = arguments.word("region");
    const auto url = arguments.word("url");
    if (region.empty() || url.empty()) findings.add("region and url must be given");
    findings.throw_if_any();
    auto adding = register_of(context).add(arguments.word("name"), region, url,
                                           codes.empty() ? std::string() : codes.front());
    co_return perspective_facts(co_await std::move(adding));
}

base::Task<json::object> list_perspectives(const Context& context, const Arguments&) {
    auto listing = register_of(context).list();
    json::array rows;
    for (const auto& facts : co_await std::move(listing)) rows.push_back(perspective_facts(facts));
    co_return json::object{{"perspectives", std::move(rows)}};
}

base::Task<json::object> renew(const Context& context, const Arguments& arguments) {
    auto renewing = register_of(context).renew(arguments.word("name"));
    co_return perspective_facts(co_await std::move(renewing));
}

base::Task<json::object> remove(const Context& context, const Arguments& arguments) {
    auto removing = register_of(context).remove(arguments.word("name"));
    co_await std::move(removing);
    co_return json::object{{"perspective", arguments.word("name")}, {"status", "removed"}};
}

constexpr Parameter name_parameter{"name", Parameter::Kind::word, "The perspective's name",
                                   Parameter::Place::argument};

}  // namespace

Operation perspective_add() {
    return {
        .noun = "perspective",
        .verb = "add",
        .summary = "Enrol a cairn-va that is running, name it in ca.toml, and ask it from now on",
        .example =
            "cairn-ca perspective add /var/lib/cairn-ca lon1 --region RIPE "
            "--url https://va-lon1.internal:8443 --code /run/lon1.code",
        .parameters = {name_parameter,
                       {"region", Parameter::Kind::word,
                        "In whose service region it stands: AFRINIC, APNIC, ARIN, LACNIC, RIPE"},
                       {"url", Parameter::Kind::word, "Where this CA reaches it"},
                       {"code", Parameter::Kind::words,
                        "File with the code that `cairn-va init` printed; not needed where it "
                        "was enrolled before, as for another node",
                        Parameter::Place::option, read_code, Parameter::Kept::secret}},
        .effect = Operation::Effect::acts,
        .run = add};
}

Operation perspective_list() {
    return {.noun = "perspective",
            .verb = "list",
            .summary = "List the remote perspectives, and whether each answers now",
            .example = "cairn-ca perspective list /var/lib/cairn-ca",
            .parameters = {},
            .rows = "perspectives",
            .columns = {"perspective", "region", "status", "program", "certificateEnds", "url",
                        "reason"},
            .run = list_perspectives};
}

Operation perspective_renew() {
    return {.noun = "perspective",
            .verb = "renew",
            .summary =
                "Give a perspective a new key and certificate now; it is done by itself "
                "before the present one ends",
            .example = "cairn-ca perspective renew /var/lib/cairn-ca lon1",
            .parameters = {name_parameter},
            .effect = Operation::Effect::acts,
            .run = renew};
}

Operation perspective_remove() {
    return {.noun = "perspective",
            .verb = "remove",
            .summary = "Ask a perspective no more: its vote counts for nothing from now on",
            .example = "cairn-ca perspective remove /var/lib/cairn-ca lon1",
            .parameters = {name_parameter},
            .effect = Operation::Effect::acts,
            .run = remove};
}

}  // namespace cairn::admin
