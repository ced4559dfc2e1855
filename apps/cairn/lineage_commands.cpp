#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "client/deployment.h"
#include "client/issuance.h"
#include "client/lineage_removal.h"
#include "client/lineage_renaming.h"
#include "client/lineage_rollback.h"

namespace cairn {
namespace {

client::StateLock lock(Run& run, const client::LineageName& name) {
    return run.state().lock(name, run.timer(), client::lineage_lock_patience);
}

Outcome rename(Run& run, const std::string& before, const std::string& after) {
    run.require_state();
    const auto from = value_or_fail(client::LineageName::from_text(before), "rename a lineage");
    const auto to = value_or_fail(client::LineageName::from_text(after), "rename a lineage");
    // Always in the same order, so that two runs do not wait for each other.
    const auto first = lock(run, std::min(from, to));
    std::optional<client::StateLock> second;
    if (from != to) second.emplace(lock(run, std::max(from, to)));
    client::LineageRenaming renaming(run.state(), from, to);
    Outcome outcome{
        .data = {{"lineage", to.text()},
                 {"renamed_from", from.text()},
                 {"files", facts_of(client::CertificateFiles::in(run.state().live(to)))}}};
    if (renaming.is_done()) {
        run.console().say(fmt::format("{} is called {} already.", from.text(), to.text()));
        outcome.result = Result::nothing_to_do;
        return outcome;
    }
    renaming.run();
    run.console().say(fmt::format(
        "{} is called {} now. A link leads from {} to {}, so that what is configured with the old "
        "name goes on; it goes with `cairn delete {}`.",
        from.text(), to.text(), run.state().live(from).string(), run.state().live(to).string(),
        to.text()));
    return outcome;
}

boost::json::object earlier_json(const client::EarlierCertificate& earlier) {
    auto facts = facts_of(earlier.certificate);
    facts["generation"] = earlier.earlier;
    facts["generation_before"] = earlier.live;
    facts["pinned_until"] = base::to_rfc3339(earlier.pinned_until);
    return facts;
}

Outcome roll_back(Run& run, const std::string& text) {
    const auto name = run.lineages({text}).front();
    const auto held = lock(run, name);
    const auto now = run.clock().now();
    boost::json::array told;
    for (const auto& earlier : client::earlier_certificates(run.state(), name, now)) {
        client::make_live(run.state(), earlier, now);
        run.console().say(
            fmt::format("{} ({}): certificate {} is live in the place of {}, valid until {}.",
                        name.text(), key_name(earlier.certificate.public_key()), earlier.earlier,
                        earlier.live, base::to_rfc3339(earlier.certificate.not_after())));
        if (now < earlier.pinned_until)
            run.console().say(fmt::format(
                "It is not renewed before {}, so that what was wrong can be mended; `cairn issue "
                "--name {} --force` has another one issued sooner.",
                base::to_rfc3339(earlier.pinned_until), name.text()));
        else
            run.console().warn(
                fmt::format("it ends so soon that the next `cairn renew` replaces it."));
        told.push_back(earlier_json(earlier));
    }
    const auto plan =
        value_or_fail(client::CertificatePlan::read(run.state().renewal(name)), "deploy it");
    const auto environment = run.environment();
    if (client::is_deployment_pending(environment, name, plan))
        client::deploy(environment, name, plan, run.console());
    return {.data = {{"lineage", name.text()}, {"certificates", std::move(told)}}};
}

/// Also one that has lost its plan, or has nothing but a plan.
client::LineageName lineage_to_delete(Run& run, const std::string& text) {
    run.require_state();
    const client::Failure none(fmt::format("delete the lineage \"{}\"", base::printable(text)),
                               fmt::format("there is none in {}", run.state().root().string()),
                               "`cairn status` lists those there are; is --state right?");
    const auto name = client::LineageName::from_text(text);
    if (!name) throw client::Failure(none);
    if (const auto now = client::renamed_to(run.state(), *name))
        throw client::Failure(fmt::format("delete the lineage {}", name->text()),
                              fmt::format("it is a former name of {}", now->text()),
                              fmt::format("say `cairn delete {}` if that is meant.", now->text()));
    if (client::kept_of(run.state(), *name).empty()) throw client::Failure(none);
    return *name;
}

/// How sure somebody is that a lineage is to go.
struct Certainty {
    bool is_said = false;
    /// Also where something still reads its files.
    bool is_forced = false;
};

/// That something still reads the files of the lineage.
client::Failure in_use(const client::LineageName& name, const client::FileUses& found) {
    std::string list;
    for (const auto& use : found.uses)
        list += fmt::format("\n  {} has {}", use.who, base::printable(use.path.string(), 400));
    if (!found.is_complete) list += "\n  and perhaps more: not all could be looked at";
    return {fmt::format("delete {}", name.text()),
            fmt::format("its files are in use, and a server that does not find them may not start "
                        "again:{}",
                        list),
            "give these another certificate first; or say --force, to delete it all the same."};
}

boost::json::array use_facts(const client::FileUses& found) {
    boost::json::array facts;
    for (const auto& use : found.uses)
        facts.push_back(boost::json::object{
            {"kind", use.kind == client::FileUse::Kind::process ? "process" : "configuration"},
            {"who", json_text(use.who)},
            {"path", json_text(use.path.string())}});
    return facts;
}

/// What will not learn of certificates any more; empty if the plan names nothing.
std::string deploy_targets(const Run& run, const client::LineageName& name) {
    const auto plan = client::CertificatePlan::read(run.state().renewal(name));
    std::string list;
    if (!plan) return list;
    for (const auto& target : plan->deploy_targets)
        list += (list.empty() ? "" : ", ") + base::printable(target.text(), 200);
    return list;
}

/// Says which keys stay in their tokens, for --json too.
boost::json::array tell_left(Run& run, const std::vector<std::string>& left) {
    boost::json::array told;
    for (const auto& each : left) {
        run.console().say(fmt::format("A key is left in its token: {}. Remove it there.",
                                      base::printable(each, 500)));
        told.push_back(json_text(each));
    }
    return told;
}

Outcome remove(Run& run, const std::string& text, const Certainty& certainty) {
    const auto name = lineage_to_delete(run, text);
    const auto held = lock(run, name);
    const auto kept = client::kept_of(run.state(), name);
    boost::json::array paths;
    std::string list;
    for (const auto& path : kept) {
        paths.push_back(json_text(path.string()));
        list += (list.empty() ? "" : ", ") + path.string();
    }
    const auto users = certainty.is_forced
                           ? client::FileUses()
                           : client::users_of(run.state(), name, run.settings_folder());
    if (!users.uses.empty()) {
        const auto failure = in_use(name, users);
        run.console().fail(failure);
        return {.result = Result::failed,
                .data = {{"lineage", name.text()}, {"in_use", use_facts(users)}},
                .failure = failure};
    }
    if (!certainty.is_said && !certainty.is_forced)
        throw client::Failure(
            fmt::format("delete {}", name.text()),
            fmt::format("these would be gone for ever, keys included: {}", list),
            "say it again with --yes. Nothing on this machine seems to read these files; elsewhere "
            "a server must be given others first. `cairn revoke` makes the certificate worthless, "
            "which this does not.");
    if (const auto targets = deploy_targets(run, name); !targets.empty())
        run.console().say(fmt::format(
            "What has learnt of its certificates keeps the last one, and learns of none any more: "
            "{}.",
            targets));
    std::string valid;
    if (const auto current = client::Lineage(run.state(), name).current())
        valid = fmt::format(" Its certificate is not revoked, and valid until {}.",
                            base::to_rfc3339(current->chain.front().not_after()));
    const auto left = client::remove_lineage(run.state(), name);
    run.console().say(fmt::format("{} is deleted: {}.{}", name.text(), list, valid));
    boost::json::object data{{"lineage", name.text()}, {"deleted", std::move(paths)}};
    if (!left.empty()) data["left_in_token"] = tell_left(run, left);
    return {.data = std::move(data)};
}

}  // namespace

void add_lineage_commands(CLI::App& program, CommonOptions&, Command& chosen) {
    const auto names = std::make_shared<std::pair<std::string, std::string>>();
    auto* renaming = program.add_subcommand("rename", "Give a lineage another name");
    renaming->add_option("OLD", names->first, "Its name")->required();
    renaming->add_option("NEW", names->second, "The name that it is to have")->required();
    renaming->footer(
        "Links by the old name stay, so that servers that are configured with it go on.\n"
        "Example:\n  cairn rename example.com web");
    renaming->callback([&chosen, names] {
        chosen = [names](Run& run) { return rename(run, names->first, names->second); };
    });

    auto* rollback = program.add_subcommand(
        "rollback", "Make the certificate before the present one live again");
    rollback->add_option("LINEAGE", names->first, "The lineage")->required();
    rollback->footer(
        "It is verified with its key, and deploy hooks run. It is not renewed until a tenth of "
        "its\n"
        "life is left, or `cairn issue --force` says so.\n"
        "Example:\n  cairn rollback example.com");
    rollback->callback(
        [&chosen, names] { chosen = [names](Run& run) { return roll_back(run, names->first); }; });

    auto* removal =
        program.add_subcommand("delete", "Remove all that is kept of a lineage, keys included");
    const auto certainty = std::make_shared<Certainty>();
    removal->add_option("LINEAGE", names->first, "The lineage")->required();
    removal->add_flag("--yes", certainty->is_said,
                      "Do it; without this it is only said what would go");
    removal->add_flag("--force", certainty->is_forced,
                      "Do it also where something still reads its files");
    removal->footer(
        "First it is looked whether a configuration below /etc or a running program still names "
        "its files,\n"
        "directly or by links; what does is told, and nothing is deleted without --force.\n"
        "It is not revoked: `cairn revoke LINEAGE` first, if its key may be known to others.\n"
        "Example:\n  cairn delete example.com --yes");
    removal->callback([&chosen, names, certainty] {
        chosen = [names, certainty](Run& run) { return remove(run, names->first, *certainty); };
    });
}

}  // namespace cairn
