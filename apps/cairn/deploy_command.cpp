#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/deploy_outline.h"
#include "apps/cairn/plan_options.h"
#include "client/attempt_record.h"
#include "client/deploy/configuration_return.h"
#include "client/deployment.h"
#include "client/lineage_fact_store.h"
#include "client/lineage_renewal.h"

namespace cairn {
namespace {

struct DeployOptions {
    std::string lineage;
    std::vector<std::string> targets;
    bool dry_run = false;
    bool pending = false;
    bool take_back = false;
};

/// "haproxy" of "haproxy:/etc/haproxy/site.pem,reload=..."; "exec" of a program.
std::string_view kind_of(const client::DeployTarget& target) {
    if (target.is_program()) return "exec";
    return std::string_view(target.target).substr(0, target.target.find_first_of(":,"));
}

/// The targets that are meant: those of the plan with this text, or of this kind; else one that is
/// none of the plan's.
std::vector<client::DeployTarget> chosen_targets(Run& run, const client::CertificatePlan& plan,
                                                 const std::vector<std::string>& words) {
    if (words.empty()) return plan.deploy_targets;
    std::vector<client::DeployTarget> chosen;
    const auto add = [&](const client::DeployTarget& target) {
        if (std::ranges::find(chosen, target) == chosen.end()) chosen.push_back(target);
    };
    for (const auto& word : words) {
        bool is_found = false;
        for (const auto& target : plan.deploy_targets) {
            if (target.text() != word && kind_of(target) != word) continue;
            add(target);
            is_found = true;
        }
        if (!is_found) add(target_from(word, run.target_context()));
    }
    return chosen;
}

boost::json::array facts_of_targets(Run& run, const client::LineageName& name,
                                    const client::CertificatePlan& plan,
                                    const std::vector<client::DeployTarget>& targets) {
    auto with_these = plan;
    with_these.deploy_targets = targets;
    const auto facts = client::LineageFactStore(run.state(), name).read_all();
    if (!facts) return {};
    return states_json(client::target_states(run.state(), name, with_these, *facts));
}

Outcome deploy(Run& run, const DeployOptions& options) {
    const auto name = run.lineages({options.lineage}).front();
    const auto tried = fmt::format("deploy the certificate of {}", name.text());
    const auto plan =
        value_or_fail(client::CertificatePlan::read(run.state().renewal(name)), tried);
    auto targets = chosen_targets(run, plan, options.targets);
    Outcome outcome{.data = {{"lineage", name.text()}, {"dry_run", options.dry_run}}};
    const auto environment = run.environment();
    if (options.dry_run) {
        auto outline = tell_outline(run, {name, plan, run.state().live(name)}, targets);
        outcome.data["targets"] = std::move(outline.targets);
        if (outline.obstacle) outcome.result = Result::failed;
        outcome.failure = std::move(outline.obstacle);
        return outcome;
    }
    const auto lock = run.state().lock(name, run.timer(), client::lineage_lock_patience);
    if (options.take_back) {
        boost::json::array files;
        for (const auto& file :
             client::return_configuration(environment, name, plan, run.console())) {
            run.console().say(fmt::format("Put back {}.", base::printable(file.string())));
            files.push_back(json_text(file.string()));
        }
        run.console().say(fmt::format(
            "The target is still one of {}: the next certificate is installed again, unless `cairn "
            "set {} --deploy TARGET` names others.",
            name.text(), name.text()));
        outcome.data["files"] = std::move(files);
        return outcome;
    }
    if (options.pending) {
        auto with_these = plan;
        with_these.deploy_targets = targets;
        const auto facts =
            value_or_fail(client::LineageFactStore(run.state(), name).read_all(), tried);
        const auto states = client::target_states(run.state(), name, with_these, facts);
        std::erase_if(targets, [&](const client::DeployTarget& target) {
            const auto state = std::ranges::find(states, target, &client::TargetState::target);
            return state->kind == client::TargetState::Kind::current;
        });
    }
    if (targets.empty()) {
        run.console().say(plan.deploy_targets.empty()
                              ? fmt::format("{} has no deploy targets: `cairn set {} --deploy "
                                            "TARGET` adds one.",
                                            name.text(), name.text())
                              : "There is nothing to do: all targets have what is in place.");
        outcome.result = Result::nothing_to_do;
        outcome.data["targets"] = boost::json::array();
        return outcome;
    }
    client::AttemptRecord attempt(environment, name, client::AttemptWork::deploy, run.console());
    try {
        client::deploy_to(environment, name, plan, targets, attempt);
        attempt.succeed();
    } catch (const client::Failure& failure) {
        attempt.fail(failure);
        const auto of_attempt = failure.of_attempt(attempt.id());
        run.console().fail(of_attempt);
        outcome.result = Result::failed;
        outcome.failure = of_attempt;
    }
    outcome.data["targets"] = facts_of_targets(run, name, plan, targets);
    return outcome;
}

}  // namespace

void add_deploy_command(CLI::App& program, CommonOptions&, Command& chosen) {
    auto* command = program.add_subcommand(
        "deploy", "Give the certificate in place to servers and other targets again");
    const auto options = std::make_shared<DeployOptions>();
    command->add_option("LINEAGE", options->lineage, "The lineage")->required();
    command->add_option(
        "TARGET", options->targets,
        "Only these: as the plan has them, or all of a kind (\"haproxy\"); one that "
        "is none of the plan's is deployed to this once");
    command->add_flag("--dry-run", options->dry_run,
                      "Say what would be done and what stands in the way, and do nothing");
    command->add_flag("--pending", options->pending,
                      "Only those that have not learnt of what is in place");
    command->add_flag("--take-back", options->take_back,
                      "Undo the last change that a target made in a server's configuration");
    command->footer(
        target_help() +
        "Each target is a transaction: files are put in place, the server's own check runs, it is "
        "reloaded, and\nlooked at until it shows the new certificate; if anything fails, all is as "
        "before, and the old one\nis served again. One that fails does not undo others. "
        "docs/deploy.md "
        "tells more.\n"
        "Examples:\n"
        "  cairn deploy example.com\n"
        "  cairn deploy example.com haproxy --dry-run\n"
        "  cairn deploy example.com nginx:redirect --dry-run\n"
        "  cairn deploy example.com --take-back\n"
        "  cairn issue -d example.com --deploy haproxy:/etc/haproxy/certs/site.pem\n"
        "  cairn set example.com --deploy "
        "'files:/etc/ssl/site,group=ssl-cert,mode=0640,reload=systemctl reload stunnel4'");
    command->callback(
        [&chosen, options] { chosen = [options](Run& run) { return deploy(run, *options); }; });
}

}  // namespace cairn
