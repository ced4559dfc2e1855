#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/commands.h"
#include "apps/cairn/plan_options.h"
#include "apps/cairn/staging_guard.h"
#include "client/deployment.h"
#include "client/issuance_need.h"
#include "client/plan_keeping.h"
#include "client/preflight.h"

namespace cairn {
namespace {

struct SetOptions {
    std::string lineage;
    PlanOptions plan;
};

boost::json::array difference_facts(const std::vector<client::PlanDifference>& differences) {
    boost::json::array facts;
    for (const auto& difference : differences)
        facts.push_back(boost::json::object{
            {"member", difference.member},
            {"before", difference.before},
            {"after", difference.after},
            {"needs_new_certificate", difference.effect == client::PlanEffect::new_certificate}});
    return facts;
}

/// Says of each certificate that does not answer the plan any more why, and when that is mended.
boost::json::array tell_needs(Run& run, const client::LineageName& lineage,
                              const client::CertificatePlan& plan) {
    boost::json::array reasons;
    for (const auto& need : client::needs_of(run.environment(), lineage, plan)) {
        const auto why = need.due.because();
        run.console().say(fmt::format(
            "The next renewal has another certificate issued: {}. `cairn renew {}` does so now.",
            why, lineage.text()));
        reasons.push_back(boost::json::string(why));
    }
    return reasons;
}

Outcome set(Run& run, const SetOptions& options) {
    const auto name = run.lineages({options.lineage}).front();
    const auto file = run.state().renewal(name);
    const auto changes = changes_from(options.plan, run.target_context());
    const auto tried = fmt::format("change the plan of {}", name.text());
    const auto former = value_or_fail(client::CertificatePlan::read(file), tried,
                                      "make the lineage anew with `cairn issue --name`.");
    auto plan = value_or_fail(client::merged(&former, changes), tried);
    if (options.plan.staging) stage(plan);
    require_no_harm_by_staging(
        run.state(), name, &former, plan,
        fmt::format("`cairn renew {} --dry-run` rehearses there; `cairn issue --name {} --staging "
                    "--force` if that is meant.",
                    name.text(), name.text()));
    settle_dns(run, options.plan.dns, plan);
    client::settle(plan, run.solvers());
    client::require_clear_way(name, plan, run.solvers(), run.state(), client::PortsLookedAt::no);
    const auto differences = client::differences(former, plan);
    for (const auto& difference : differences)
        run.console().say(
            fmt::format("{}: {} -> {}", difference.member, difference.before, difference.after));
    Outcome outcome{.data = {{"lineage", name.text()}, {"changes", difference_facts(differences)}}};
    if (plan == former) {
        run.console().say("There is nothing to do: the plan is so already.");
        outcome.result = Result::nothing_to_do;
        return outcome;
    }
    // An order that is under way does not hold it up: plan and facts are apart.
    const bool is_under_way = !run.state().try_lock(name);
    plan =
        client::keep_plan(run.state(), name, former, plan, run.console(), client::IfGone::refuse);
    if (is_under_way)
        run.console().say(
            "An order for it is under way; what was said now counts from the next renewal on.");
    if (client::is_deployment_pending(run.environment(), name, plan))
        run.console().say(fmt::format(
            "The next renewal deploys it; `cairn deploy {} --pending` does so now.", name.text()));
    outcome.data["reissued_because"] = tell_needs(run, name, plan);
    return outcome;
}

}  // namespace

void add_set_command(CLI::App& program, CommonOptions&, Command& chosen) {
    auto* command = program.add_subcommand(
        "set", "Change what a lineage is to be, without having it issued now");
    const auto options = std::make_shared<SetOptions>();
    command->add_option("LINEAGE", options->lineage, "Name of the lineage")->required();
    add_plan_options(*command, options->plan);
    command->footer(
        "What is not said stays as it was. Where another certificate is needed for it, the next "
        "renewal has it\nissued.\n"
        "Examples:\n"
        "  cairn set example.com --solver webroot:/srv/www --deploy-hook 'systemctl reload nginx'\n"
        "  cairn set example.com --renew-before 1/3 --pre-hook ''");
    command->callback(
        [&chosen, options] { chosen = [options](Run& run) { return set(run, *options); }; });
}

}  // namespace cairn
