#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/import_run.h"

namespace cairn {
namespace {

using client::ForeignProgram;
using Stage = client::ImportRecord::Stage;

std::string_view result_name(ImportedLineage::Result result) {
    switch (result) {
        case ImportedLineage::Result::imported:
            return "imported";
        case ImportedLineage::Result::added:
            return "added";
        case ImportedLineage::Result::unchanged:
            return "unchanged";
        case ImportedLineage::Result::refused:
            return "refused";
    }
    return {};
}

boost::json::array text_array(const std::vector<std::string>& texts) {
    boost::json::array array;
    for (const auto& text : texts) array.push_back(json_text(text));
    return array;
}

std::string text_line(const std::vector<std::string>& texts) {
    std::string line;
    for (const auto& text : texts) line += (line.empty() ? "" : ", ") + base::printable(text, 300);
    return line;
}

std::vector<std::string> plan_names(const client::CertificatePlan& plan) {
    std::vector<std::string> names;
    for (const auto& name : plan.names) names.push_back(name.identifier.value());
    return names;
}

std::vector<std::string> solvers_of(const client::CertificatePlan& plan) {
    std::vector<std::string> solvers;
    for (const auto& name : plan.names)
        if (std::ranges::find(solvers, name.solver) == solvers.end())
            solvers.push_back(name.solver);
    return solvers;
}

boost::json::object lineage_json(const ImportedLineage& lineage,
                                 const client::StateDirectory& state) {
    boost::json::object facts{{"name", json_text(lineage.theirs)},
                              {"lineage", json_text(lineage.ours)},
                              {"result", result_name(lineage.result)},
                              {"certificates", lineage.certificates},
                              {"new_certificates", lineage.added},
                              {"remarks", text_array(lineage.remarks)},
                              {"obstacles", text_array(lineage.obstacles)},
                              {"take_over_obstacles", text_array(lineage.bars)},
                              {"files", text_array(lineage.files)}};
    if (!lineage.plan) return facts;
    const auto& plan = *lineage.plan;
    facts["names"] = text_array(plan_names(plan));
    facts["ca"] = plan.preferred_authority().directory_url;
    facts["account"] = plan.account;
    facts["solvers"] = text_array(solvers_of(plan));
    facts["pre_hook"] = json_text(plan.pre_hook);
    facts["post_hook"] = json_text(plan.post_hook);
    std::vector<std::string> deploys;
    for (const auto& target : plan.deploy_targets) deploys.push_back(target.hook);
    facts["deploy"] = text_array(deploys);
    if (const auto name = client::LineageName::from_text(lineage.ours))
        facts["live"] = json_text(state.live(*name).string());
    return facts;
}

boost::json::object report_json(const ImportReport& report, const ImportOptions& options,
                                const client::StateDirectory& state) {
    boost::json::array accounts;
    boost::json::array lineages;
    boost::json::array jobs;
    boost::json::array served;
    for (const auto& account : report.accounts)
        accounts.push_back({{"ca", json_text(account.directory_url)},
                            {"url", json_text(account.url)},
                            {"name", account.name},
                            {"result", account.is_new ? "imported" : "unchanged"}});
    for (const auto& lineage : report.lineages) lineages.push_back(lineage_json(lineage, state));
    for (const auto& job : report.jobs)
        jobs.push_back({{"kind", client::to_string(job.kind)},
                        {"file", json_text(job.file.string())},
                        {"in_use", report.stage != Stage::taken_over}});
    for (const auto& moved : report.served)
        served.push_back({{"path", json_text(moved.path.string())},
                          {"leads_to", json_text(moved.target.string())},
                          {"before", json_text(moved.aside.string())}});
    return {{"program", client::to_string(options.program)},
            {"folder", json_text(report.folder.string())},
            {"dry_run", options.dry_run},
            {"stage", client::to_string(report.stage)},
            {"accounts", std::move(accounts)},
            {"lineages", std::move(lineages)},
            {"jobs", std::move(jobs)},
            {"served", std::move(served)},
            {"remarks", text_array(report.remarks)}};
}

void print_line(Console& console, const std::string& line) {
    console.print(line, Delivery::attempted);
}

void print_lineage(Console& console, const ImportedLineage& lineage) {
    const auto what =
        lineage.result == ImportedLineage::Result::refused
            ? std::string("not taken")
            : fmt::format("{}, {} of {} certificates new", result_name(lineage.result),
                          lineage.added, lineage.certificates);
    print_line(console, fmt::format("{}{}: {}", base::printable(lineage.theirs),
                                    lineage.ours == lineage.theirs
                                        ? ""
                                        : fmt::format(" (here {})", base::printable(lineage.ours)),
                                    what));
    if (lineage.plan) {
        const auto& plan = *lineage.plan;
        print_line(console, "  names:     " + text_line(plan_names(plan)));
        print_line(console, fmt::format("  CA:        {}{}",
                                        base::printable(plan.preferred_authority().directory_url),
                                        plan.account.empty() ? "" : ", account " + plan.account));
        print_line(console, "  proved by: " + text_line(solvers_of(plan)));
        if (!plan.pre_hook.empty())
            print_line(console, "  pre-hook:  " + base::printable(plan.pre_hook));
        for (const auto& target : plan.deploy_targets)
            print_line(console, "  deploy:    " + base::printable(target.hook));
        if (!plan.post_hook.empty())
            print_line(console, "  post-hook: " + base::printable(plan.post_hook));
    }
    for (const auto& text : lineage.obstacles)
        print_line(console, "  not taken: " + base::printable(text, 3000));
    for (const auto& text : lineage.bars)
        print_line(console, "  not taken over: " + base::printable(text, 1000));
    for (const auto& text : lineage.remarks)
        print_line(console, "  note:      " + base::printable(text, 1000));
}

void say_what_is_next(Run& run, const ImportReport& report, const ImportOptions& options) {
    auto& console = run.console();
    const auto program = client::to_string(options.program);
    if (options.dry_run) {
        console.say("Nothing was written. Without --dry-run all that is taken is copied.");
        return;
    }
    std::string jobs;
    for (const auto& job : report.jobs) jobs += (jobs.empty() ? "" : ", ") + job.text();
    if (report.stage == Stage::taken_over) {
        if (!jobs.empty()) console.say(fmt::format("{} is off.", jobs));
        for (const auto& moved : report.served)
            console.detail(
                fmt::format("{} leads to {}.", moved.path.string(), moved.target.string()));
        console.say(
            fmt::format("The paths of {} lead to the certificates here. The way back: "
                        "cairn import --undo {} {}",
                        program, program, report.folder.string()));
        if (!report.is_ours_in_use)
            console.warn(
                "Nothing renews here yet: run `systemctl enable --now cairn-renew.timer`, "
                "or let cron run `cairn renew -q` twice a day.");
        return;
    }
    if (!jobs.empty()) console.say(fmt::format("{} renews still ({}).", program, jobs));
    if (!report.lineages.empty())
        console.say(fmt::format(
            "{} stays as it is until `cairn import {} {} --take-over`. `cairn renew --dry-run` "
            "tries the renewals.",
            report.folder.string(), program, report.folder.string()));
}

Outcome import(Run& run, const CommonOptions& common, const ImportOptions& options) {
    const auto report = run_import(run, options);
    auto& console = run.console();
    if (!common.json) {
        for (const auto& account : report.accounts)
            print_line(console,
                       fmt::format("account {} at {}: {}", base::printable(account.url),
                                   base::printable(account.directory_url),
                                   !account.is_new        ? "here already"
                                   : account.name.empty() ? "imported"
                                                          : "imported as " + account.name));
        for (const auto& lineage : report.lineages) print_lineage(console, lineage);
        for (const auto& text : report.remarks)
            print_line(console, "note: " + base::printable(text, 1000));
    }
    Outcome outcome{.data = {{"import", report_json(report, options, run.state())}}};
    if (options.undo)
        console.say(report.is_changed ? fmt::format("All is as it was: {} serves and renews again.",
                                                    client::to_string(options.program))
                                      : "There is nothing to take back.");
    else
        say_what_is_next(run, report, options);
    if (!report.is_changed) outcome.result = Result::nothing_to_do;
    std::vector<std::string> left;
    for (const auto& lineage : report.lineages)
        if (!lineage.obstacles.empty() || (options.take_over && !lineage.bars.empty()))
            left.push_back(lineage.theirs);
    if (!left.empty() && !options.dry_run) {
        outcome.result = Result::failed;
        outcome.failure =
            client::Failure(fmt::format("{} all of {}", options.take_over ? "take over" : "import",
                                        report.folder.string()),
                            fmt::format("left where they are: {}", text_line(left)),
                            "see above what stands in the way of each; the others are done.");
        console.fail(*outcome.failure);
    }
    return outcome;
}

void add_import_options(CLI::App& command, ImportOptions& options) {
    command.add_flag("--dry-run", options.dry_run, "Show what would be taken; write nothing");
    auto* const take_over = command.add_flag(
        "--take-over", options.take_over,
        "Then put the other client out of use: what servers read become links to the files here, "
        "its timers and lines of cron are off");
    command
        .add_flag("--undo", options.undo,
                  "The way back: the links become the old files again, and the timers are on")
        ->excludes(take_over);
    command.add_flag("--force", options.force,
                     "With --undo: also if the old certificate has expired meanwhile");
    command.add_option("--only", options.only, "Of its certificates, only this one")
        ->allow_extra_args(false)
        ->type_name("NAME");
    command
        .add_option("--root", options.root,
                    "Where etc/systemd, etc/cron.d and var/spool/cron are looked for")
        ->capture_default_str()
        ->check(CLI::ExistingDirectory)
        ->type_name("DIR");
    command
        .add_option_function<std::string>(
            "--solver", [&options](const std::string& text) { options.said.solver = text; },
            "Who proves control of the names, in the place of what is found")
        ->type_name("SOLVER");
    command
        .add_option_function<std::string>(
            "--ca", [&options](const std::string& text) { options.said.authority = text; },
            "The CA of what does not say its own, as with lego")
        ->type_name("CA");
    command
        .add_option_function<std::string>(
            "--ca-root", [&options](const std::string& text) { options.said.root_file = text; },
            "Roots for the CA's own TLS (PEM)")
        ->check(CLI::ExistingFile)
        ->type_name("FILE");
    command
        .add_option("--deploy-hook", options.said.deploy_hooks,
                    "Program to run when a new certificate is in place, in the place of what is "
                    "found; may be given several times")
        ->allow_extra_args(false)
        ->type_name("PROGRAM");
    add_dns_options(command, options.dns);
}

}  // namespace

void add_import_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command =
        program.add_subcommand("import", "Move in from certbot, lego or acme.sh, and out again");
    command->require_subcommand(1);
    command->fallthrough();
    const auto options = std::make_shared<ImportOptions>();
    add_import_options(*command, *options);
    command->footer(
        "Accounts, certificates with their keys, how names were proved, and hooks are copied. The\n"
        "other client stays as it is until --take-over; an import that is said again adds what is\n"
        "new.\n"
        "Examples:\n"
        "  cairn import certbot --dry-run\n"
        "  cairn import certbot --take-over\n"
        "  cairn import --undo certbot\n"
        "  cairn import lego /srv/lego --solver dns:cloudflare --deploy-hook 'systemctl reload "
        "nginx'");
    const auto add = [&](ForeignProgram from, const char* where) {
        const auto name = std::string(client::to_string(from));
        auto* child = command->add_subcommand(name, "Move in from " + name);
        child->fallthrough();
        child->add_option("DIR", options->folder, fmt::format("Its folder; else {}", where));
        child->footer(
            fmt::format("The options are those of `cairn import`.\nExamples:\n"
                        "  cairn import {} --dry-run\n  cairn import {} --take-over",
                        name, name));
        child->callback([&common, &chosen, options, from] {
            options->program = from;
            const auto& dns = options->dns;
            options->said.has_dns_options = !dns.credentials.empty();
            chosen = [&common, options](Run& run) { return import(run, common, *options); };
        });
    };
    add(ForeignProgram::certbot, "/etc/letsencrypt");
    add(ForeignProgram::lego, "$LEGO_PATH or .lego");
    add(ForeignProgram::acme_sh, "$LE_WORKING_DIR or ~/.acme.sh");
}

}  // namespace cairn
