#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/cairn/commands.h"
#include "apps/cairn/deploy_outline.h"
#include "apps/cairn/notification.h"
#include "apps/cairn/renewal_report.h"
#include "client/certificate_authorities.h"
#include "client/challenge_journal.h"
#include "client/renewal.h"

namespace cairn {
namespace {

using Kind = client::RenewalOutcome::Kind;

struct RenewOptions {
    std::vector<std::string> lineages;
    std::string authority, root_file;
    bool force = false;
    bool dry_run = false;
    bool agree_terms = false;
};

/// What the command has failed at: that of the one certificate, or a word for all of them.
client::Failure failure_of(const std::vector<client::RenewalOutcome>& outcomes) {
    const auto count = std::ranges::count(outcomes, Kind::failed, &client::RenewalOutcome::kind);
    if (count == 1)
        return *std::ranges::find(outcomes, Kind::failed, &client::RenewalOutcome::kind)->failure;
    return {"renew every certificate that is due",
            fmt::format("{} of {} could not be renewed", count, outcomes.size()),
            "see what is told of each of them."};
}

/// What would be deployed of each lineage, and in which order, an entry for each that has targets.
boost::json::array tell_targets(Run& run, const std::vector<client::RenewalOutcome>& outcomes) {
    boost::json::array told;
    const client::LineageName* last = nullptr;
    for (const auto& outcome : outcomes) {
        // Those of one lineage stand together.
        if (last != nullptr && *last == outcome.lineage) continue;
        last = &outcome.lineage;
        const auto plan = client::CertificatePlan::read(run.state().renewal(outcome.lineage));
        if (!plan || plan->deploy_targets.empty()) continue;
        told.push_back(boost::json::object{
            {"lineage", outcome.lineage.text()},
            {"targets",
             tell_outline(run, {outcome.lineage, *plan, run.state().live(outcome.lineage)},
                          plan->deploy_targets)
                 .targets}});
    }
    return told;
}

Outcome renew(Run& run, const RenewOptions& options) {
    const auto lineages = run.lineages(options.lineages);
    client::clean_up_after_crashes(run.state(), run.solvers(), run.console());
    client::RenewalOptions renewal;
    if (options.dry_run) {
        renewal.installing = client::Installing::dry_run;
        if (!options.authority.empty())
            renewal.rehearsal.directory_url =
                value_or_fail(client::directory_url_from(options.authority), "use --ca");
        renewal.rehearsal.root_file = options.root_file;
        if (options.agree_terms) renewal.rehearsal.account.terms = client::Terms::agreed;
    }
    // A rehearsal that waited until something is due would rehearse nothing.
    if (options.force || options.dry_run) renewal.force = client::RenewalForce::always;
    const auto outcomes = client::renew(run.environment(), lineages, renewal, run.console());
    if (outcomes.empty())
        run.console().say(
            fmt::format("There is nothing to renew in {}.", run.state().root().string()));
    tell(run.console(), outcomes, TellingOf::all, renewal.installing);
    if (!options.dry_run) notify_of(run, outcomes, run.console());
    const auto any = [&](Kind kind) {
        return std::ranges::find(outcomes, kind, &client::RenewalOutcome::kind) != outcomes.end();
    };
    Outcome outcome{.data = {{"certificates", to_json(outcomes, renewal.installing)}}};
    if (options.dry_run) outcome.data["targets"] = tell_targets(run, outcomes);
    if (any(Kind::failed)) {
        outcome.result = Result::failed;
        outcome.failure = failure_of(outcomes);
    } else if (const auto failure = run.settings_failure()) {
        // All is renewed, and yet somebody has to look: perhaps nobody would be told.
        run.console().warn(
            "The exit code is 2 although no renewal has failed, because of the mistake in "
            "cairn.toml.");
        outcome.result = Result::failed;
        outcome.failure = failure;
    } else if (!any(Kind::renewed) && !any(Kind::deployed)) {
        outcome.result = Result::nothing_to_do;
    }
    return outcome;
}

}  // namespace

void add_renew_command(CLI::App& program, CommonOptions&, Command& chosen) {
    auto* command = program.add_subcommand(
        "renew", "Renew all certificates that are due, in parallel, each on its own");
    const auto options = std::make_shared<RenewOptions>();
    command->add_option("lineage", options->lineages, "Only these lineages")->type_name("LINEAGE");
    command->add_flag("--force", options->force, "Also those that are not due");
    auto* dry_run = command->add_flag(
        "--dry-run", options->dry_run,
        "Obtain certificates from the staging directories of their CAs, due or not, and drop them; "
        "tell to which targets they would be deployed");
    command
        ->add_option("--ca", options->authority, "With --dry-run: the CA to rehearse with instead")
        ->type_name("CA")
        ->needs(dry_run);
    command->add_option("--ca-root", options->root_file, "With --dry-run: roots for its TLS (PEM)")
        ->check(CLI::ExistingFile)
        ->type_name("FILE")
        ->needs(dry_run);
    command
        ->add_flag("--agree-tos", options->agree_terms,
                   "With --dry-run: agree to its terms of service")
        ->needs(dry_run);
    command->footer(
        "A certificate is due when its CA says so (RFC 9773), else as --renew-before of `cairn "
        "issue`\n"
        "says or past two thirds of its life; and when it was revoked with `cairn revoke` or is "
        "not what\n"
        "its plan wants any more. What an interrupted run has ordered is fetched first. What a CA "
        "has\n"
        "limited is not ordered again before the time it named; --force asks it nevertheless.\n"
        "Nothing was due: exit code 0, with --exit-code 1. A mistake in cairn.toml keeps nothing "
        "from\nbeing renewed, but the exit code is 2.\n"
        "Examples:\n"
        "  cairn renew\n"
        "  cairn renew example.com --force\n"
        "  cairn renew --dry-run");
    command->callback(
        [&chosen, options] { chosen = [options](Run& run) { return renew(run, *options); }; });
}

}  // namespace cairn
