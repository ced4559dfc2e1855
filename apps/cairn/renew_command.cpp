#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
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
            facts["error"] = json_text(outcome.failure->what());
            facts["failure"] = facts_of(*outcome.failure);
            break;
    }
    return facts;
}

ExitCode renew(Run& run, const CommonOptions& common, const RenewOptions& options) {
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
    if (common.json) run.console().print(boost::json::serialize(facts), Delivery::attempted);
    const auto any = [&](Kind kind) {
        return std::ranges::find(outcomes, kind, &client::RenewalOutcome::kind) != outcomes.end();
    };
    if (any(Kind::failed)) return ExitCode::failed;
    return any(Kind::renewed) || any(Kind::deployed) ? ExitCode::done : ExitCode::nothing_to_do;
}

}  // namespace

void add_renew_command(CLI::App& program, CommonOptions& common, Command& chosen) {
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
    add_json_option(*command, common);
    command->footer(
        "A certificate is due when its CA says so (RFC 9773), else past two thirds of its life, "
        "and\n"
        "when `cairn revoke` has revoked it. What an interrupted run has ordered is fetched "
        "first.\n"
        "Exit code 1: nothing was due.\n"
        "Examples:\n"
        "  cairn renew\n"
        "  cairn renew example.com --force\n"
        "  cairn renew --dry-run");
    command->callback([&common, &chosen, options] {
        chosen = [&common, options](Run& run) { return renew(run, common, *options); };
    });
}

}  // namespace cairn
