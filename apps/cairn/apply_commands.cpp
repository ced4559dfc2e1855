#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/declaration.h"
#include "apps/cairn/issue_command.h"
#include "apps/cairn/staging_guard.h"
#include "client/deployment.h"
#include "client/issuance.h"
#include "client/issuance_need.h"
#include "client/lineage_removal.h"
#include "client/preflight.h"

namespace cairn {
namespace {

constexpr std::size_t max_declaration_file = std::size_t{8} << 20;

struct ApplyOptions {
    std::string file;
    bool prune = false;
};

/// What becomes of a lineage.
enum class Action {
    add,     ///< there is none yet
    change,  ///< it stands, and is to be something else
    renew,   ///< it is what it is to be, but its certificate has to be replaced
    deploy,  ///< deploy targets have not all learnt of its certificate
    leave,
    remove,  ///< it is not declared, and --prune was said
    ignore   ///< it is not declared
};

std::string_view action_name(Action action) {
    switch (action) {
        case Action::add:
            return "add";
        case Action::change:
            return "change";
        case Action::renew:
            return "renew";
        case Action::deploy:
            return "deploy";
        case Action::leave:
            return "leave";
        case Action::remove:
            return "delete";
        case Action::ignore:
            return "undeclared";
    }
    return {};
}

bool does_anything(Action action) {
    return action != Action::leave && action != Action::ignore;
}

/// What is declared of a lineage, beside what stands.
struct Intent {
    client::LineageName lineage;
    Action action = Action::leave;
    /// Nothing for one that is not declared.
    std::optional<DeclaredCertificate> declared{};
    std::vector<client::PlanDifference> differences{};
    /// Why certificates have to be issued.
    std::vector<std::string> reasons{};
};

std::vector<DeclaredCertificate> declared_by(const std::string& file) {
    const auto tried = fmt::format("read {}", file);
    const auto text = value_or_fail(client::read_file(file, max_declaration_file), tried);
    return value_or_fail(declared_in(text), tried,
                         "mend the file; keys are named after the options of `cairn issue`.");
}

client::LineageName declared_lineage(const DeclaredCertificate& declared,
                                     const client::PlanChanges& changes) {
    constexpr std::string_view tried = "name a lineage";
    if (!declared.lineage.empty())
        return value_or_fail(client::LineageName::from_text(declared.lineage), tried);
    const auto& first =
        changes.request ? changes.request->identifiers().front() : changes.names.front().identifier;
    return value_or_fail(client::LineageName::from_text(first.base_value()), tried,
                         "give it a name: name = \"...\".");
}

/// Compares one declared certificate with what stands; changes nothing.
Intent examine(Run& run, const DeclaredCertificate& declared) {
    auto changes = changes_from(declared.plan, run.target_context());
    Intent intent{.lineage = declared_lineage(declared, changes), .declared = declared};
    const auto file = run.state().renewal(intent.lineage);
    const auto tried = fmt::format("plan {}", intent.lineage.text());
    std::optional<client::CertificatePlan> former;
    if (std::filesystem::exists(file))
        former = value_or_fail(client::CertificatePlan::read(file), tried,
                               "mend the file, or move it away to make the plan anew.");
    const auto settings =
        run.settings_with({client::SettingsPart::defaults, client::SettingsPart::hooks});
    if (!former) add_usual(changes, *settings);
    auto plan = value_or_fail(client::merged(former ? &*former : nullptr, changes), tried);
    // As `issue` does it.
    if (declared.plan.staging)
        stage(plan);
    else if (former && declared.plan.authorities.empty())
        leave_staging(plan, *settings);
    require_no_harm_by_staging(run.state(), intent.lineage, former ? &*former : nullptr, plan,
                               "declare another one for it, with a name of its own; `cairn issue "
                               "--force` if that is meant.");
    settle_dns(run, declared.plan.dns, plan);
    client::settle(plan, run.solvers());
    client::require_clear_way(intent.lineage, plan, run.solvers(), run.state(),
                              client::PortsLookedAt::no);
    if (!former) {
        intent.action = Action::add;
        return intent;
    }
    intent.differences = client::differences(*former, plan);
    const auto environment = run.environment();
    for (const auto& need : client::needs_of(environment, intent.lineage, plan))
        intent.reasons.push_back(need.due.because());
    if (plan != *former)
        intent.action = Action::change;
    else if (!intent.reasons.empty())
        intent.action = Action::renew;
    else if (client::is_deployment_pending(environment, intent.lineage, plan))
        intent.action = Action::deploy;
    return intent;
}

/// The intents for all that is declared, then for all that is not. Throws one Failure for all that
/// is wrong.
std::vector<Intent> intents_of(Run& run, const ApplyOptions& options) {
    std::vector<Intent> intents;
    std::string faults;
    for (const auto& declared : declared_by(options.file)) {
        try {
            auto intent = examine(run, declared);
            // Names that are written in other ways are seen to be the same only now.
            if (std::ranges::find(intents, intent.lineage, &Intent::lineage) != intents.end())
                throw client::Failure(fmt::format("plan {}", intent.lineage.text()),
                                      "it is declared twice",
                                      "declare it once, or give the other a name of its own.");
            intents.push_back(std::move(intent));
        } catch (const client::Failure& failure) {
            faults += fmt::format("{}{}", faults.empty() ? "" : "\n", failure.what());
        }
    }
    if (!faults.empty())
        throw client::Failure(fmt::format("plan what {} declares", options.file), faults,
                              "mend the file; nothing was changed.");
    std::vector<client::LineageName> undeclared;
    for (const auto& lineage : run.state().lineages())
        if (std::ranges::find(intents, lineage, &Intent::lineage) == intents.end())
            undeclared.push_back(lineage);
    for (const auto& lineage : undeclared)
        intents.push_back(
            {.lineage = lineage, .action = options.prune ? Action::remove : Action::ignore});
    return intents;
}

boost::json::object intent_json(const Intent& intent) {
    boost::json::array differences;
    for (const auto& difference : intent.differences)
        differences.push_back(boost::json::object{
            {"member", difference.member},
            {"before", json_text(difference.before)},
            {"after", json_text(difference.after)},
            {"needs_new_certificate", difference.effect == client::PlanEffect::new_certificate}});
    boost::json::array reasons;
    for (const auto& reason : intent.reasons) reasons.push_back(json_text(reason));
    return {{"lineage", intent.lineage.text()},
            {"action", action_name(intent.action)},
            {"differences", std::move(differences)},
            {"reasons", std::move(reasons)}};
}

/// What happens and why, a row for each difference and reason.
void print_intents(Console& console, const std::vector<Intent>& intents, Delivery delivery) {
    std::vector<std::vector<std::string>> rows{{"LINEAGE", "ACTION", "WHAT"}};
    for (const auto& intent : intents) {
        std::vector<std::string> what;
        for (const auto& difference : intent.differences)
            what.push_back(base::printable(fmt::format("{}: {} -> {}", difference.member,
                                                       difference.before, difference.after)));
        for (const auto& reason : intent.reasons)
            what.push_back("another certificate: " + base::printable(reason));
        if (what.empty()) what.emplace_back("-");
        for (std::size_t i = 0; i < what.size(); ++i)
            rows.push_back({i == 0 ? intent.lineage.text() : "",
                            i == 0 ? std::string(action_name(intent.action)) : "", what[i]});
    }
    console.print_table(rows, delivery);
}

std::string intents_summary(const std::vector<Intent>& intents) {
    std::string text;
    for (const auto action : {Action::add, Action::change, Action::renew, Action::deploy,
                              Action::leave, Action::remove, Action::ignore}) {
        const auto count = std::ranges::count(intents, action, &Intent::action);
        if (count != 0)
            text += fmt::format("{}{} to {}", text.empty() ? "" : ", ", count, action_name(action));
    }
    const auto misread = text.find("to undeclared");
    if (misread != std::string::npos) text.replace(misread, 13, "not declared");
    return text;
}

Outcome show_plan(Run& run, const CommonOptions& common, const ApplyOptions& options) {
    const auto intents = intents_of(run, options);
    boost::json::array told;
    for (const auto& intent : intents) told.push_back(intent_json(intent));
    if (!common.json) print_intents(run.console(), intents, Delivery::required);
    run.console().say(fmt::format("{}; nothing was changed.", intents_summary(intents)));
    const bool is_any = std::ranges::any_of(
        intents, [](const Intent& intent) { return does_anything(intent.action); });
    return {.result = is_any ? Result::done : Result::nothing_to_do,
            .data = {{"lineages", std::move(told)}},
            .delivery = Delivery::required};
}

/// Throws Failure if something on this machine still reads the files of the lineage.
void require_unused(const Run& run, const client::LineageName& lineage) {
    const auto users = client::users_of(run.state(), lineage, run.settings_folder());
    if (users.uses.empty()) return;
    const auto& first = users.uses.front();
    throw client::Failure(
        fmt::format("delete {}", lineage.text()),
        fmt::format(
            "{} has {}{}", first.who, base::printable(first.path.string(), 400),
            users.uses.size() > 1 ? fmt::format(", and {} more", users.uses.size() - 1) : ""),
        fmt::format("give it another certificate; `cairn delete {} --force` deletes it all the "
                    "same.",
                    lineage.text()));
}

/// Does what one intent says; what has come of it, for --json.
boost::json::object carry_out_intent(Run& run, const CommonOptions& common, const Intent& intent) {
    auto told = intent_json(intent);
    if (intent.action == Action::remove) {
        const auto lock =
            run.state().lock(intent.lineage, run.timer(), client::lineage_lock_patience);
        require_unused(run, intent.lineage);
        for (const auto& left : client::remove_lineage(run.state(), intent.lineage))
            run.console().say(fmt::format("A key is left in its token: {}. Remove it there.",
                                          base::printable(left, 500)));
        run.console().say(fmt::format("{} is deleted; it is not revoked.", intent.lineage.text()));
    } else if (does_anything(intent.action)) {
        const auto outcome = issue(run, common,
                                   {.plan = intent.declared->plan,
                                    .account = intent.declared->account,
                                    .lineage = intent.lineage.text()});
        for (const auto& member : outcome.data) told.emplace(member.key(), member.value());
    }
    told["result"] = does_anything(intent.action) ? "done" : "nothing-to-do";
    return told;
}

Outcome apply_declarations(Run& run, const CommonOptions& common, const ApplyOptions& options) {
    const auto intents = intents_of(run, options);
    boost::json::array told;
    std::vector<client::Failure> failures;
    bool is_any_done = false;
    for (const auto& intent : intents) {
        if (does_anything(intent.action))
            run.console().say(
                fmt::format("{}: {}", intent.lineage.text(), action_name(intent.action)));
        try {
            told.push_back(carry_out_intent(run, common, intent));
            is_any_done |= does_anything(intent.action);
        } catch (const client::Failure& failure) {
            // The others are obtained all the same.
            run.console().fail(failure, intent.lineage.text());
            auto entry = intent_json(intent);
            entry["result"] = "failed";
            entry["error"] = facts_of(failure);
            told.push_back(std::move(entry));
            failures.push_back(failure);
        }
    }
    run.console().say(fmt::format("{}.", intents_summary(intents)));
    Outcome outcome{.result = is_any_done ? Result::done : Result::nothing_to_do,
                    .data = {{"lineages", std::move(told)}}};
    if (failures.empty()) return outcome;
    outcome.result = Result::failed;
    outcome.failure =
        failures.size() == 1
            ? failures.front()
            : client::Failure(
                  fmt::format("apply {}", options.file),
                  fmt::format("{} of {} lineages failed", failures.size(), intents.size()),
                  "see what is told of each; say it again for what is left.");
    return outcome;
}

void add_apply_options(CLI::App& command, const std::shared_ptr<ApplyOptions>& options,
                       const char* prune) {
    command.add_option("FILE", options->file, "A TOML file with [[certificate]] tables")
        ->required()
        ->check(CLI::ExistingFile);
    command.add_flag("--prune", options->prune, prune);
}

}  // namespace

void add_apply_commands(CLI::App& program, CommonOptions& common, Command& chosen) {
    const auto options = std::make_shared<ApplyOptions>();
    auto* planning = program.add_subcommand(
        "plan", "Show what `apply` would do with a file of declared certificates");
    add_apply_options(*planning, options, "Show also what `apply --prune` would delete");
    planning->footer(
        "With --exit-code, 1: all is as it is declared.\n"
        "Example of a file:\n"
        "  [defaults]\n"
        "  email = \"you@example.com\"\n"
        "  agree_tos = true\n"
        "  solver = \"webroot:/var/www/html\"\n"
        "  [[certificate]]\n"
        "  names = [\"example.com\", \"www.example.com\"]\n"
        "  deploy_hooks = [\"systemctl reload nginx\"]\n"
        "Keys are named after the options of `cairn issue`.\n"
        "Example:\n  cairn plan certificates.toml");
    planning->callback([&common, &chosen, options] {
        chosen = [&common, options](Run& run) { return show_plan(run, common, *options); };
    });
    auto* applying = program.add_subcommand(
        "apply", "Obtain and change what a file declares, and leave alone what is so already");
    add_apply_options(*applying, options, "Delete the lineages that the file does not declare");
    applying->footer(
        "Nothing is deleted without --prune. What the file does not say of a lineage that stands\n"
        "stays as it is. `cairn plan FILE` shows beforehand what will be done.\n"
        "Examples:\n  cairn apply certificates.toml\n  cairn apply certificates.toml --prune");
    applying->callback([&common, &chosen, options] {
        chosen = [&common, options](Run& run) { return apply_declarations(run, common, *options); };
    });
}

}  // namespace cairn
