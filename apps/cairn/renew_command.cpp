#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
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

/// `is_one_of_several`: the lineage has other certificates, told apart by their key types.
void tell(Console& console, const client::RenewalOutcome& outcome, bool is_one_of_several,
          bool is_dry_run) {
    auto name = outcome.lineage.text();
    if (is_one_of_several && outcome.key_type)
        name += fmt::format(" ({})", crypto::to_string(*outcome.key_type));
    switch (outcome.kind) {
        case Kind::renewed:
            console.say(fmt::format(
                "{}: {} until {}.", name,
                is_dry_run ? "dry run: a certificate was obtained and dropped again; it was valid"
                           : "renewed; the certificate is valid",
                base::to_rfc3339(outcome.certificate->not_after())));
            return;
        case Kind::deployed:
            console.say(
                fmt::format("{}: not due; deploy hooks have run, as was still to be done.", name));
            return;
        case Kind::not_due:
            console.say(fmt::format("{}: not due before {}.", name,
                                    base::to_rfc3339(outcome.due_at.value_or(base::Time{}))));
            return;
        case Kind::failed:
            console.fail(is_one_of_several && outcome.key_type
                             ? client::of_key_type(*outcome.failure, *outcome.key_type)
                             : *outcome.failure,
                         outcome.lineage.text());
            return;
    }
}

boost::json::object to_json(const client::RenewalOutcome& outcome, bool is_dry_run) {
    boost::json::object facts{{"lineage", outcome.lineage.text()}};
    if (outcome.key_type) facts["key_type"] = crypto::to_string(*outcome.key_type);
    switch (outcome.kind) {
        case Kind::renewed:
            facts["result"] = "renewed";
            facts["dry_run"] = is_dry_run;
            for (auto& fact : facts_of(*outcome.certificate))
                facts.emplace(fact.key(), fact.value());
            break;
        case Kind::deployed:
            facts["result"] = "deployed";
            if (outcome.due_at) facts["due_at"] = base::to_rfc3339(*outcome.due_at);
            break;
        case Kind::not_due:
            facts["result"] = "not-due";
            if (outcome.due_at) facts["due_at"] = base::to_rfc3339(*outcome.due_at);
            break;
        case Kind::failed:
            facts["result"] = "failed";
            facts["error"] = facts_of(*outcome.failure);
            break;
    }
    return facts;
}

/// What the command has failed at: that of the one certificate, or a word for all of them.
client::Failure failure_of(const std::vector<client::RenewalOutcome>& outcomes) {
    const auto count = std::ranges::count(outcomes, Kind::failed, &client::RenewalOutcome::kind);
    if (count == 1)
        return *std::ranges::find(outcomes, Kind::failed, &client::RenewalOutcome::kind)->failure;
    return {"renew every certificate that is due",
            fmt::format("{} of {} could not be renewed", count, outcomes.size()),
            "see what is told of each of them."};
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
    boost::json::array facts;
    for (const auto& outcome : outcomes) {
        const auto count =
            std::ranges::count(outcomes, outcome.lineage, &client::RenewalOutcome::lineage);
        tell(run.console(), outcome, count > 1, options.dry_run);
        facts.push_back(to_json(outcome, options.dry_run));
    }
    const auto any = [&](Kind kind) {
        return std::ranges::find(outcomes, kind, &client::RenewalOutcome::kind) != outcomes.end();
    };
    Outcome outcome{.data = {{"certificates", std::move(facts)}}};
    if (any(Kind::failed)) {
        outcome.result = Result::failed;
        outcome.failure = failure_of(outcomes);
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
        "Obtain certificates from the staging directories of their CAs, due or not, and drop them");
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
        "A certificate is due when its CA says so (RFC 9773), else past two thirds of its life, "
        "and\n"
        "when `cairn revoke` has revoked it. What an interrupted run has ordered is fetched "
        "first.\n"
        "Nothing was due: exit code 0, with --exit-code 1.\n"
        "Examples:\n"
        "  cairn renew\n"
        "  cairn renew example.com --force\n"
        "  cairn renew --dry-run");
    command->callback(
        [&chosen, options] { chosen = [options](Run& run) { return renew(run, *options); }; });
}

}  // namespace cairn
