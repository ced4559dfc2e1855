#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "client/lineage_fact_store.h"
#include "client/renewal.h"
#include "client/revocation.h"

namespace cairn {
namespace {

constexpr std::size_t max_fault = 1000;

/// A certificate of a lineage as it stands on the disk.
struct LineageState {
    client::LineageMember member;
    base::Result<client::CertificatePlan> plan;
    base::Result<client::Generation> generation;
    base::Result<client::LineageFacts> facts;
    std::optional<client::RevocationNote> revocation;

    [[nodiscard]] const std::string& name() const { return member.lineage.text(); }
    /// The type of its key, as far as it is known.
    [[nodiscard]] std::string key_type() const {
        if (generation) return key_name(generation->chain.front().public_key());
        if (plan) return std::string(crypto::to_string(member.key_type(*plan)));
        return member.further ? std::string(crypto::to_string(*member.further)) : "-";
    }
    /// False if the plan names its key type no more: nothing renews it.
    [[nodiscard]] bool is_planned() const {
        if (!plan) return true;
        const auto planned = client::planned_members(member.lineage, *plan);
        return std::ranges::find(planned, member) != planned.end();
    }
    [[nodiscard]] bool is_being_issued() const {
        return facts && facts->order && facts->order->position.is_finalizing;
    }
    /// What is broken, if anything is.
    [[nodiscard]] std::string fault() const {
        if (!facts) return facts.error().message;
        if (is_being_issued()) return {};
        if (!plan) return plan.error().message;
        return generation ? std::string() : generation.error().message;
    }
};

LineageState look_at(const client::StateDirectory& state, const client::LineageMember& member) {
    LineageState lineage{member, client::CertificatePlan::read(state.renewal(member.lineage)),
                         client::Lineage(state, member).current(),
                         client::LineageFactStore(state, member).read(), std::nullopt};
    if (lineage.generation && lineage.facts)
        lineage.revocation =
            lineage.facts->revocation_of(client::digest_of(lineage.generation->chain.front()));
    return lineage;
}

std::string standing_of(const LineageState& lineage, base::Time now) {
    if (!lineage.fault().empty()) return "broken";
    if (lineage.is_being_issued()) return "ordered";
    const auto& certificate = lineage.generation->chain.front();
    if (lineage.revocation) return "revoked";
    if (now > certificate.not_after()) return "expired";
    if (now < certificate.not_before()) return "not-yet-valid";
    if (!lineage.is_planned()) return "not-renewed";
    return now >= client::due_by_facts(certificate, *lineage.facts) ? "due" : "ok";
}

std::string names_of(const pki::Certificate& certificate) {
    std::string text;
    for (const auto& name : certificate.names().dns_names) text += (text.empty() ? "" : ",") + name;
    for (const auto& address : certificate.names().ip_addresses)
        text += (text.empty() ? "" : ",") + address.to_string();
    return text;
}

std::vector<std::string> row_of(const LineageState& lineage, base::Time now) {
    std::vector<std::string> row{lineage.name(),     "-", "-",
                                 lineage.key_type(), "-", standing_of(lineage, now)};
    std::string last;
    if (lineage.generation) {
        const auto& certificate = lineage.generation->chain.front();
        row[1] = base::to_rfc3339(certificate.not_after());
        row[2] = std::to_string(days_left(certificate, now));
        row[4] = base::printable(certificate.issuer_common_name());
        last = names_of(certificate);
    }
    if (const auto fault = lineage.fault(); !fault.empty())
        last = base::printable(fault, max_fault);
    if (lineage.is_being_issued())
        last = fmt::format("`cairn renew {}` fetches what was ordered", lineage.name());
    row.push_back(last);
    return row;
}

/// What has become of the certificate, as the file of facts tells it, without the order and its
/// key.
void add_history(client::LineageFacts known, boost::json::object& facts) {
    known.order.reset();
    known.further.clear();
    auto history = boost::json::parse(known.to_json()).as_object();
    for (const char* name : {"renewal_info", "attempts", "obtained", "deployed", "deployments"})
        if (auto* member = history.if_contains(name)) facts[name] = std::move(*member);
}

boost::json::object to_json(const client::StateDirectory& state, const LineageState& lineage,
                            base::Time now) {
    boost::json::object facts{{"lineage", lineage.name()}};
    if (const auto key_type = lineage.key_type(); key_type != "-") facts["key_type"] = key_type;
    if (lineage.plan)
        facts["ca"] = (lineage.facts ? lineage.facts->issuing_authority(*lineage.plan)
                                     : lineage.plan->preferred_authority())
                          .directory_url;
    else if (lineage.is_being_issued())
        facts["ca"] = lineage.facts->order->authority().directory_url;
    const auto standing = standing_of(lineage, now);
    facts["state"] = standing;
    facts["due"] = true;
    if (const auto fault = lineage.fault(); !fault.empty())
        facts["error"] = facts_of(
            client::Failure(fmt::format("read what is kept of {}", lineage.name()), fault));
    if (lineage.facts) add_history(*lineage.facts, facts);
    if (!lineage.generation) return facts;
    const auto& certificate = lineage.generation->chain.front();
    for (auto& fact : facts_of(certificate)) facts.emplace(fact.key(), fact.value());
    const auto due_at = lineage.facts ? client::due_by_facts(certificate, *lineage.facts)
                                      : client::due_by_lifetime(certificate);
    facts["days_left"] = days_left(certificate, now);
    facts["due"] = standing != "ok" && standing != "not-renewed";
    facts["due_at"] = base::to_rfc3339(due_at);
    if (lineage.revocation)
        facts["revocation"] = {{"time", base::to_rfc3339(lineage.revocation->time)},
                               {"reason", protocol::to_string(lineage.revocation->reason)}};
    facts["files"] = facts_of(client::Lineage(state, lineage.member).live_files());
    return facts;
}

/// The lineages that were asked for; if none were, also those that are live and would never be
/// renewed.
std::vector<client::LineageName> lineages_to_show(const Run& run,
                                                  const std::vector<std::string>& names) {
    auto lineages = run.lineages(names);
    if (!names.empty()) return lineages;
    for (const auto& name : run.state().live_lineages())
        if (std::ranges::find(lineages, name) == lineages.end() &&
            client::Lineage(run.state(), name).is_exposed())
            lineages.push_back(name);
    std::ranges::sort(lineages);
    return lineages;
}

/// The certificates of a lineage: those of its plan, and those of key types that it names no more
/// while servers can still read them.
std::vector<client::LineageMember> members_to_show(const client::StateDirectory& state,
                                                   const client::LineageName& name) {
    const auto plan = client::CertificatePlan::read(state.renewal(name));
    auto members =
        plan ? client::planned_members(name, *plan) : std::vector<client::LineageMember>{name};
    for (const auto& member : client::possible_members(name))
        if (std::ranges::find(members, member) == members.end() &&
            client::Lineage(state, member).is_exposed())
            members.push_back(member);
    return members;
}

Outcome show_status(Run& run, const CommonOptions& common, const std::vector<std::string>& names) {
    const auto now = run.clock().now();
    boost::json::array facts;
    std::vector<std::vector<std::string>> rows{
        {"LINEAGE", "EXPIRES", "DAYS", "KEY", "ISSUER", "STATE", "NAMES"}};
    for (const auto& name : lineages_to_show(run, names)) {
        for (const auto& member : members_to_show(run.state(), name)) {
            const auto lineage = look_at(run.state(), member);
            facts.push_back(to_json(run.state(), lineage, now));
            rows.push_back(row_of(lineage, now));
        }
    }
    if (rows.size() == 1)
        run.console().say(
            fmt::format("There are no certificates in {}.", run.state().root().string()));
    else if (!common.json)
        run.console().print_table(rows, Delivery::required);
    return {.data = {{"certificates", std::move(facts)}}, .delivery = Delivery::required};
}

}  // namespace

void add_status_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand("status", "Show the certificates that are kept");
    const auto lineages = std::make_shared<std::vector<std::string>>();
    command->add_option("lineage", *lineages, "Only these lineages")->type_name("LINEAGE");
    command->footer("Examples:\n  cairn status\n  cairn status example.com --json");
    command->callback([&common, &chosen, lineages] {
        chosen = [&common, lineages](Run& run) { return show_status(run, common, *lineages); };
    });
}

}  // namespace cairn
