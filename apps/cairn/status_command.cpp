#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "client/renewal.h"

namespace cairn {
namespace {

/// A lineage as it stands on the disk.
struct LineageState {
    client::LineageName name;
    base::Result<client::CertificatePlan> plan;
    base::Result<client::Generation> generation;
};

LineageState look_at(const client::StateDirectory& state, const client::LineageName& name) {
    return {name, client::CertificatePlan::read(state.renewal(name)),
            client::Lineage(state, name).current()};
}

std::string standing(const pki::Certificate& certificate, base::Time now) {
    if (now > certificate.not_after()) return "expired";
    return now >= client::due_by_lifetime(certificate) ? "due" : "ok";
}

std::string names_of(const pki::Certificate& certificate) {
    std::string text;
    for (const auto& name : certificate.names().dns_names) text += (text.empty() ? "" : ",") + name;
    for (const auto& address : certificate.names().ip_addresses)
        text += (text.empty() ? "" : ",") + address.to_string();
    return text;
}

std::vector<std::string> row_of(const LineageState& lineage, base::Time now) {
    if (!lineage.generation)
        return {
            lineage.name.text(), "-", "-", "-", "-", "broken", lineage.generation.error().message};
    const auto& certificate = lineage.generation->chain.front();
    return {lineage.name.text(),
            base::to_rfc3339(certificate.not_after()),
            std::to_string(days_left(certificate, now)),
            key_name(certificate.public_key()),
            base::printable(certificate.issuer_common_name()),
            standing(certificate, now),
            names_of(certificate)};
}

boost::json::object to_json(const client::StateDirectory& state, const LineageState& lineage,
                            base::Time now) {
    boost::json::object facts{{"lineage", lineage.name.text()}};
    if (lineage.plan) facts["ca"] = lineage.plan->directory_url;
    if (!lineage.generation) {
        facts["state"] = "broken";
        facts["due"] = true;
        facts["error"] = json_text(lineage.generation.error().message);
        return facts;
    }
    const auto& certificate = lineage.generation->chain.front();
    for (auto& fact : facts_of(certificate)) facts.emplace(fact.key(), fact.value());
    const auto due_at = client::due_by_lifetime(certificate);
    facts["days_left"] = days_left(certificate, now);
    facts["state"] = standing(certificate, now);
    facts["due"] = now >= due_at;
    facts["due_at"] = base::to_rfc3339(due_at);
    facts["files"] = facts_of(client::Lineage(state, lineage.name).live_files());
    return facts;
}

ExitCode show_status(Run& run, const CommonOptions& common, const std::vector<std::string>& names) {
    const auto now = run.clock().now();
    boost::json::array facts;
    std::vector<std::vector<std::string>> rows{
        {"LINEAGE", "EXPIRES", "DAYS", "KEY", "ISSUER", "STATE", "NAMES"}};
    for (const auto& name : run.lineages(names)) {
        const auto lineage = look_at(run.state(), name);
        facts.push_back(to_json(run.state(), lineage, now));
        rows.push_back(row_of(lineage, now));
    }
    if (common.json)
        run.console().print(boost::json::serialize(facts));
    else if (rows.size() > 1)
        run.console().print_table(rows);
    else
        run.console().say(
            fmt::format("There are no certificates in {}.", run.state().root().string()));
    return ExitCode::done;
}

}  // namespace

void add_status_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand("status", "Show the certificates that are kept");
    const auto lineages = std::make_shared<std::vector<std::string>>();
    command->add_option("lineage", *lineages, "Only these lineages")->type_name("LINEAGE");
    add_json_option(*command, common);
    command->footer("Examples:\n  cairn status\n  cairn status example.com --json");
    command->callback([&common, &chosen, lineages] {
        chosen = [&common, lineages](Run& run) { return show_status(run, common, *lineages); };
    });
}

}  // namespace cairn
