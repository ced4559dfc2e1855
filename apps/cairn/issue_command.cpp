#include "apps/cairn/issue_command.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/deploy_outline.h"
#include "apps/cairn/plan_options.h"
#include "apps/cairn/staging_guard.h"
#include "client/certificate_authorities.h"
#include "client/challenge_journal.h"
#include "client/issuance_need.h"
#include "client/lineage_fact_store.h"
#include "client/plan_keeping.h"
#include "client/preflight.h"
#include "client/renewal.h"
#include "client/withheld_certificate.h"

namespace cairn {
namespace {

/// Where the plan can be rehearsed: at the staging directory of a CA that is known, else at the CA
/// that was named for it.
void plan_dry_run(client::CertificatePlan& plan) {
    std::vector<client::Authority> rehearsing;
    for (auto authority : plan.authorities) {
        const auto staging = client::staging_directory_of(authority.directory_url);
        // One of several that cannot be rehearsed with is left out.
        if (!staging && plan.authorities.size() > 1) continue;
        const auto url =
            value_or_fail(staging, "make a dry run", "name another CA to rehearse with: --ca URL.");
        if (url) authority.directory_url = *url;
        rehearsing.push_back(std::move(authority));
    }
    if (rehearsing.empty())
        throw client::Failure("make a dry run", "none of the CAs has a staging directory",
                              "name another CA to rehearse with: --ca URL.");
    plan.authorities = std::move(rehearsing);
}

/// The names that are said, as far as a plan is not needed to know them.
std::vector<protocol::Identifier> said_names(const client::PlanChanges& changes) {
    if (changes.request) return changes.request->identifiers();
    std::vector<protocol::Identifier> names;
    for (const auto& name : changes.names) names.push_back(name.identifier);
    return names;
}

std::string names_line(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// The lineage that has exactly these names; nothing if none or several have.
std::optional<client::LineageName> lineage_with(const std::vector<std::string>& names,
                                                const client::StateDirectory& state) {
    std::optional<client::LineageName> found;
    for (const auto& lineage : state.lineages()) {
        const auto plan = client::CertificatePlan::read(state.renewal(lineage));
        if (!plan || client::sorted_values(plan->identifiers()) != names) continue;
        if (found) return std::nullopt;
        found = lineage;
    }
    return found;
}

/// The lineage that is meant: the one that is named, else the one of the first name, else one for
/// the same names. One that has no name in common with what is said is not taken for it.
client::LineageName meant_lineage(const IssueOptions& options, const client::PlanChanges& changes,
                                  const client::StateDirectory& state) {
    if (!options.lineage.empty())
        return value_or_fail(client::LineageName::from_text(options.lineage), "use --name");
    const auto names = said_names(changes);
    if (names.empty())
        throw client::Failure("issue a certificate", "no name was said",
                              "say for which: -d NAME, or --name LINEAGE for one that stands.");
    auto name = value_or_fail(client::LineageName::from_text(names.front().base_value()),
                              "name the lineage", "give it a name with --name.");
    const auto said = client::sorted_values(names);
    const auto known = client::CertificatePlan::read(state.renewal(name));
    if (!known) return lineage_with(said, state).value_or(name);
    const auto before = client::sorted_values(known->identifiers());
    const bool is_related = std::ranges::any_of(said, [&](const std::string& value) {
        return std::ranges::find(before, value) != before.end();
    });
    if (is_related) return name;
    if (const auto other = lineage_with(said, state)) return *other;
    throw client::Failure(
        fmt::format("use the name {} for the lineage", name.text()),
        fmt::format("it is the lineage of {}", names_line(before)),
        fmt::format("give --name {} to change what it is for, or another name.", name.text()));
}

std::optional<client::CertificatePlan> former_plan(const client::LineageName& lineage,
                                                   const client::StateDirectory& state) {
    if (!std::filesystem::exists(state.renewal(lineage))) return std::nullopt;
    return value_or_fail(
        client::CertificatePlan::read(state.renewal(lineage)),
        fmt::format("read the plan of {}", lineage.text()),
        fmt::format("mend the file, or move it away to make the plan anew; what stands in {} is "
                    "kept.",
                    state.live(lineage).string()));
}

client::CertificatePlan plan_to_issue(Run& run, const IssueOptions& options,
                                      const client::PlanChanges& changes,
                                      const client::LineageName& lineage,
                                      const std::optional<client::CertificatePlan>& former) {
    auto plan = value_or_fail(client::merged(former ? &*former : nullptr, changes),
                              fmt::format("plan the certificate of {}", lineage.text()));
    if (options.plan.staging) {
        stage(plan);
    } else if (former && options.plan.authorities.empty()) {
        for (const auto& production : leave_staging(plan, *run.settings()))
            run.console().say(
                fmt::format("The lineage was made with --staging; now {} is asked.", production));
    }
    if (!options.dry_run) {
        if (!options.force)
            require_no_harm_by_staging(
                run.state(), lineage, former ? &*former : nullptr, plan,
                "give another --name for it, --dry-run to rehearse only, or --force if that is "
                "meant.");
        return plan;
    }
    if (!options.plan.authorities.empty()) {
        plan_dry_run(plan);
        return plan;
    }
    return client::rehearsal_of(std::move(plan), lineage, {});
}

/// What --json tells of one certificate.
boost::json::object issued_json(const client::IssuedCertificate& issued,
                                const std::optional<client::Lineage>& lineage) {
    auto facts = facts_of(issued.chain.front());
    facts["ca"] = issued.directory_url;
    if (lineage) facts["files"] = facts_of(lineage->live_files());
    return facts;
}

void say(Console& console, const pki::Certificate& certificate, bool is_dry_run,
         bool is_left_alone) {
    const auto until = base::to_rfc3339(certificate.not_after());
    if (is_left_alone)
        console.say(fmt::format("The certificate that is valid until {} stands as it is.", until));
    else
        console.say(
            is_dry_run
                ? fmt::format("Dry run: a certificate valid until {} was obtained and dropped "
                              "again; nothing was put in place.",
                              until)
                : fmt::format("The certificate is in place and valid until {}.", until));
}

Outcome tell_issued(Run& run, const CommonOptions& common, const client::IssuanceOrder& order,
                    const client::IssuedCertificates& issued) {
    const bool is_dry_run = order.installing == client::Installing::dry_run;
    boost::json::array told;
    std::vector<std::string> files;
    for (const auto& member : client::planned_members(order.lineage, order.plan)) {
        const auto& certificate = member.further ? issued.further.at(told.size() - 1) : issued;
        std::optional<client::Lineage> lineage;
        if (!is_dry_run) lineage.emplace(run.state(), member);
        const bool is_left_alone =
            std::ranges::find(order.left_alone, member) != order.left_alone.end();
        say(run.console(), certificate.chain.front(), is_dry_run, is_left_alone);
        told.push_back(issued_json(certificate, lineage));
        if (!lineage) continue;
        files.push_back(lineage->live_files().full_chain);
        if (order.plan.csr.empty()) files.push_back(lineage->live_files().private_key);
    }
    if (!common.json)
        for (const auto& file : files) run.console().print(file, Delivery::attempted);
    return {.data = {{"lineage", order.lineage.text()},
                     {"dry_run", is_dry_run},
                     {"certificates", std::move(told)}}};
}

/// Leaves in `order` what stands as it is wanted; false if nothing has to be issued.
bool settle_needs(Run& run, client::IssuanceOrder& order) {
    const auto environment = run.environment();
    for (const auto& member : client::planned_members(order.lineage, order.plan))
        client::take_up_withheld(environment, member, order.plan, run.console());
    const auto needs = client::needs_of(run.environment(), order.lineage, order.plan);
    for (const auto& member : client::planned_members(order.lineage, order.plan)) {
        const auto need = std::ranges::find(needs, member, &client::IssuanceNeed::member);
        if (need == needs.end())
            order.left_alone.push_back(member);
        else if (need->due.reason != client::DueReason::unsound)
            run.console().say(
                fmt::format("Another certificate is needed: {}.", need->due.because()));
    }
    return !needs.empty();
}

/// Keeps what was said of a certificate that stands as it is wanted, and lets deploy targets learn
/// of it that have not yet.
Outcome keep(Run& run, const CommonOptions& common, const client::IssuanceOrder& order,
             const std::optional<client::CertificatePlan>& former) {
    auto& console = run.console();
    const bool is_changed = order.plan != former;
    if (is_changed) {
        client::keep_plan(run.state(), order.lineage, former, order.plan, console);
        const auto differences = former ? client::differences(*former, order.plan)
                                        : std::vector<client::PlanDifference>();
        for (const auto& difference : differences)
            console.say(fmt::format("{}: {} -> {}", difference.member, difference.before,
                                    difference.after));
    }
    const bool is_pending =
        client::is_deployment_pending(run.environment(), order.lineage, order.plan);
    if (is_pending) client::deploy(run.environment(), order.lineage, order.plan, console);
    auto outcome =
        tell_issued(run, common, order,
                    client::standing_certificates(run.environment(), order.lineage, order.plan));
    if (is_changed || is_pending) return outcome;
    console.say("There is nothing to do; --force has it issued all the same.");
    outcome.result = Result::nothing_to_do;
    return outcome;
}

}  // namespace

Outcome issue(Run& run, const CommonOptions& common, const IssueOptions& options) {
    auto changes = changes_from(options.plan, run.target_context());
    const auto settings =
        run.settings_with({client::SettingsPart::defaults, client::SettingsPart::hooks});
    client::clean_up_after_crashes(run.state(), run.solvers(), run.console());
    const auto name = meant_lineage(options, changes, run.state());
    const auto lock = run.state().lock(name, run.timer(), client::lineage_lock_patience);
    if (const auto place = client::LineageFactStore(run.state(), name).mend())
        run.console().tell({.kind = client::ProgressKind::facts_moved_away, .place = *place});
    const auto former = former_plan(name, run.state());
    if (!former) add_usual(changes, *settings);
    client::IssuanceOrder order{
        .lineage = name,
        .plan = plan_to_issue(run, options, changes, name, former),
        .account = account_options_from(options.account, *settings),
        .replaces = {},
        .installing = options.dry_run ? client::Installing::dry_run : client::Installing::yes,
        .caution = options.force ? client::LimitCaution::none : client::LimitCaution::limits,
        .former = former};
    settle_dns(run, options.plan.dns, order.plan);
    client::settle(order.plan, run.solvers());
    const bool is_needed = options.force || options.dry_run || settle_needs(run, order);
    // A hook that runs first may free the ports.
    const bool are_ports_wanted = is_needed && order.plan.pre_hook.empty();
    client::require_clear_way(
        name, order.plan, run.solvers(), run.state(),
        are_ports_wanted ? client::PortsLookedAt::yes : client::PortsLookedAt::no);
    if (!is_needed) return keep(run, common, order, former);
    const auto environment = run.environment();
    const auto issued = client::issue(environment, order, run.console());
    auto outcome = tell_issued(run, common, order, issued);
    if (options.dry_run && !order.plan.deploy_targets.empty())
        outcome.data["targets"] =
            tell_outline(run, {name, order.plan, run.state().live(name)}, order.plan.deploy_targets)
                .targets;
    if (!options.dry_run)
        client::open_other_accounts(environment, order.plan, order.account, run.console());
    return outcome;
}

void add_issue_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand("issue", "Obtain a certificate and keep it");
    const auto options = std::make_shared<IssueOptions>();
    add_plan_options(*command, options->plan);
    command->add_option("--name", options->lineage, "Name of the lineage; else the first -d")
        ->type_name("LINEAGE");
    command->add_flag("--force", options->force,
                      "Have it issued also if what stands is what is wanted");
    add_account_options(*command, options->account);
    command->add_flag("--dry-run", options->dry_run,
                      "Obtain a certificate from the CA's staging directory, or from the CA that "
                      "--ca URL names for it, and drop it");
    command->footer(
        solver_help() +
        "What is not said again for a lineage that stands (hooks, solver, CA, key type) stays as "
        "it was.\n"
        "Examples:\n"
        "  cairn issue -d example.com,www.example.com --solver webroot:/var/www/html \\\n"
        "      --email you@example.com --agree-tos --deploy-hook 'systemctl reload nginx'\n"
        "  cairn issue -d example.com -d '*.example.com=exec:/usr/local/bin/dns-hook'");
    command->callback([&common, &chosen, options] {
        // A lineage that is named knows its names, and a request its own.
        if (options->plan.names.empty() && !options->plan.request_file && options->lineage.empty())
            throw CLI::RequiredError("-d");
        chosen = [&common, options](Run& run) { return issue(run, common, *options); };
    });
}

}  // namespace cairn
