#include "admin/issuer_operations.h"

#include <algorithm>
#include <chrono>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "admin/named_objects.h"
#include "base/bytes.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

using Kind = Refused::Kind;
using Retired = std::map<ca::IssuerId, base::Time>;

/// Every node asks for retired issuers every two seconds, and goes by the answer two seconds later.
constexpr base::Milliseconds until_all_have_looked{5000};

base::Task<Retired> find_retired(const Context& context) {
    Retired retired;
    for (const auto& [issuer, since] : co_await context.repository.retired_issuers())
        retired.emplace(issuer, since);
    co_return retired;
}

std::string_view issuer_status(const ConfiguredIssuer& issuer, const Retired& retired,
                               base::Time now) {
    if (retired.contains(issuer.id)) return "retired";
    if (!issuer.is_active) return "inactive";
    if (now < issuer.validity.not_before) return "notYetValid";
    return now > issuer.validity.not_after ? "expired" : "active";
}

json::array array_of(const auto& words) {
    return json::array(words.begin(), words.end());
}

json::object issuer_facts(const ConfiguredIssuer& issuer, const Retired& retired, base::Time now) {
    json::object facts{{"issuer", issuer.name},
                       {"status", issuer_status(issuer, retired, now)},
                       {"issuerFingerprint", base::to_hex(issuer.id)},
                       {"subject", issuer.subject},
                       {"notBefore", base::to_rfc3339(issuer.validity.not_before)},
                       {"notAfter", base::to_rfc3339(issuer.validity.not_after)},
                       {"profiles", array_of(issuer.profiles)},
                       {"keyTypes", array_of(issuer.key_types)}};
    if (const auto found = retired.find(issuer.id); found != retired.end())
        facts["retired"] = base::to_rfc3339(found->second);
    return facts;
}

base::Task<json::object> list_issuers(const Context& context, const Arguments&) {
    auto retired = co_await find_retired(context);
    const auto now = context.clock.now();
    json::array rows;
    for (const auto& issuer : context.configured_issuers())
        rows.push_back(issuer_facts(issuer, retired, now));
    for (const auto& issuer : context.configured_issuers()) retired.erase(issuer.id);
    // Those that are not in this configuration any more.
    for (const auto& [id, since] : retired)
        rows.push_back(json::object{{"issuer", ""},
                                    {"status", "retired"},
                                    {"issuerFingerprint", base::to_hex(id)},
                                    {"retired", base::to_rfc3339(since)}});
    co_return json::object{{"issuers", std::move(rows)}};
}

// The profiles for which nothing could be issued without this one.
std::vector<std::string> profiles_left_alone(const Context& context, const ca::IssuerId& id,
                                             const Retired& retired) {
    const auto now = context.clock.now();
    std::vector<std::string> alone;
    for (const auto& [name, profile] : context.profiles) {
        const auto serves = [&](const ConfiguredIssuer& issuer) {
            return issuer.id != id && issuer_status(issuer, retired, now) == "active" &&
                   (issuer.profiles.empty() || issuer.profiles.contains(name));
        };
        if (!std::ranges::any_of(context.configured_issuers(), serves)) alone.push_back(name);
    }
    return alone;
}

base::Task<json::object> retire(const Context& context, const Arguments& arguments) {
    const auto name = arguments.word("issuer");
    const auto id = co_await issuer_of(context, name);
    const bool is_taken_back = arguments.flag("undo");
    auto retired = co_await find_retired(context);
    if (!is_taken_back && !retired.contains(id)) {
        std::string profiles;
        for (const auto& profile : profiles_left_alone(context, id, retired))
            profiles += (profiles.empty() ? "" : ", ") + profile;
        if (!profiles.empty())
            throw Refused(Kind::conflict,
                          "no other issuer that is active and valid is for " + profiles +
                              "; nothing was changed. Make one first (`cairn-ca issuer create`), "
                              "name it in ca.toml, and have that read");
    }
    std::optional<base::Time> since;
    if (!is_taken_back) since = context.clock.now();
    const bool is_known = co_await context.repository.retire_issuer(id, since);
    if (!is_known)
        throw Refused(Kind::not_found,
                      "the CA has never started with the issuer " + base::printable(name, 80));
    co_await base::sleep_for(until_all_have_looked);
    retired = co_await find_retired(context);
    json::object facts{{"issuerFingerprint", base::to_hex(id)}};
    for (const auto& issuer : context.configured_issuers())
        if (issuer.id == id) facts = issuer_facts(issuer, retired, context.clock.now());
    if (is_taken_back) facts["status"] = "takenBack";
    co_return facts;
}

}  // namespace

Operation issuer_list() {
    return {
        .noun = "issuer",
        .verb = "list",
        .summary = "List the issuers: what they issue, until when, and whether they do",
        .example = "cairn-ca issuer list /var/lib/cairn-ca",
        .parameters = {},
        .rows = "issuers",
        .columns = {"issuer", "status", "subject", "notAfter", "profiles", "keyTypes", "retired"},
        .run = list_issuers};
}

Operation issuer_retire() {
    return {.noun = "issuer",
            .verb = "retire",
            .summary =
                "End what an issuer issues, at every node; its revocation lists and OCSP go "
                "on until what it issued has ended",
            .example = "cairn-ca issuer retire /var/lib/cairn-ca intermediate",
            .parameters = {{"issuer", Parameter::Kind::word,
                            "Its name in the configuration, or SHA-256 of its certificate",
                            Parameter::Place::argument},
                           {"undo", Parameter::Kind::flag, "It issues again"}},
            .effect = Operation::Effect::acts,
            .run = retire};
}

}  // namespace cairn::admin
