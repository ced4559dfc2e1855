#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/dns_options.h"
#include "client/certificate_authorities.h"
#include "client/challenge_journal.h"
#include "client/command_words.h"

namespace cairn {
namespace {

struct IssueOptions {
    std::vector<std::string> names;
    std::string lineage;
    std::vector<std::string> authorities = {std::string(client::known_authorities().front().name)};
    std::string root_file;
    std::string solver = "standalone";
    std::vector<std::string> key_types = {"ec-p256"};
    std::string profile, required_profile, preferred_chain;
    std::vector<std::string> deploy_hooks;
    std::string eab_key_id, eab_key_file;
    std::string email;
    DnsOptions dns;
    bool reuse_key = false;
    bool must_staple = false;
    bool agree_terms = false;
    bool dry_run = false;
};

void require_few(std::size_t count, std::string_view tried) {
    if (count > client::CertificatePlan::max_choices)
        throw client::Failure(
            tried, fmt::format("more than {} are named", client::CertificatePlan::max_choices));
}

/// The CAs of the plan. Roots that are named are for all of them, but if there are several, not for
/// those that are known, whose roots every system has.
std::vector<client::Authority> authorities_from(const IssueOptions& options) {
    std::string root_file;
    if (!options.root_file.empty())
        root_file = std::filesystem::absolute(options.root_file).lexically_normal();
    std::vector<client::Authority> authorities;
    for (const auto& text : options.authorities) {
        client::Authority authority{
            .directory_url = value_or_fail(client::directory_url_from(text), "use --ca")};
        const auto is_known = [&](const client::KnownAuthority& known) {
            return known.directory_url == authority.directory_url;
        };
        if (options.authorities.size() == 1 ||
            std::ranges::none_of(client::known_authorities(), is_known))
            authority.root_file = root_file;
        if (std::ranges::find(authorities, authority) == authorities.end())
            authorities.push_back(std::move(authority));
    }
    require_few(authorities.size(), "use --ca");
    return authorities;
}

client::CertificatePlan plan_from(const IssueOptions& options) {
    client::CertificatePlan plan;
    plan.authorities = authorities_from(options);
    plan.key_types.clear();
    for (const auto& text : options.key_types) {
        const auto type = value_or_fail(crypto::key_type_from(text), "use --key-type");
        if (std::ranges::find(plan.key_types, type) == plan.key_types.end())
            plan.key_types.push_back(type);
    }
    if (options.reuse_key) plan.key_reuse = client::KeyReuse::same_key;
    if (options.must_staple)
        throw client::Failure("ask for the must-staple extension",
                              "CAs do not grant it any more: those that mattered have ended OCSP, "
                              "without which such a certificate fails everywhere",
                              "leave out --must-staple.");
    plan.profile = options.profile;
    if (!options.required_profile.empty()) {
        plan.profile = options.required_profile;
        plan.profile_demand = client::ProfileDemand::required;
    }
    plan.preferred_chain = options.preferred_chain;
    for (const auto& hook : options.deploy_hooks) {
        client::DeployTarget target{
            value_or_fail(client::CommandWords::find(hook), "use --deploy-hook").text()};
        if (std::ranges::find(plan.deploy_targets, target) == plan.deploy_targets.end())
            plan.deploy_targets.push_back(std::move(target));
    }
    require_few(plan.deploy_targets.size(), "use --deploy-hook");
    for (const auto& text : options.names) {
        auto name = value_or_fail(client::RequestedName::from_text(text, options.solver), "use -d");
        const bool repeated = std::ranges::any_of(
            plan.names, [&](const auto& other) { return other.identifier == name.identifier; });
        if (!repeated) plan.names.push_back(std::move(name));
    }
    return plan;
}

/// Where the plan can be rehearsed: at the staging directory of a CA that is known, else at the CA
/// that was named for it.
void rehearse(client::CertificatePlan& plan) {
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

/// Makes the solvers now, so that a mistake shows before the CA is asked for anything, and writes
/// them so that a renewal from another directory finds the same.
void settle_solvers(client::CertificatePlan& plan, client::SolverSet& solvers) {
    for (auto& name : plan.names)
        name.solver = value_or_fail(solvers.find(name.solver),
                                    fmt::format("choose who proves {}", name.identifier.value()))
                          ->specification();
}

client::LineageName lineage_name(const IssueOptions& options, const client::CertificatePlan& plan,
                                 const client::StateDirectory& state) {
    if (!options.lineage.empty())
        return value_or_fail(client::LineageName::from_text(options.lineage), "use --name");
    const auto& first = plan.names.front().identifier;
    auto name = value_or_fail(client::LineageName::from_text(first.base_value()),
                              "name the lineage", "give it a name with --name.");
    const auto known = client::CertificatePlan::read(state.renewal(name));
    if (known &&
        client::sorted_values(known->identifiers()) != client::sorted_values(plan.identifiers())) {
        std::string names;
        for (const auto& value : client::sorted_values(known->identifiers()))
            names += (names.empty() ? "" : ", ") + value;
        throw client::Failure(
            fmt::format("use the name {} for the lineage", name.text()),
            fmt::format("it is the lineage of {}", names),
            fmt::format("give --name {} to change what it is for, or another name.", name.text()));
    }
    return name;
}

client::AccountOptions account_options(const IssueOptions& options) {
    client::AccountOptions account;
    if (options.agree_terms) account.terms = client::Terms::agreed;
    if (!options.email.empty()) account.contact.push_back("mailto:" + options.email);
    if (!options.eab_key_id.empty())
        account.external =
            value_or_fail(client::ExternalAccount::read(options.eab_key_id, options.eab_key_file),
                          "read the key of --eab-hmac-key-file");
    return account;
}

/// What --json tells of one certificate.
boost::json::object to_json(const client::IssuedCertificate& issued,
                            const std::optional<client::Lineage>& lineage) {
    auto facts = facts_of(issued.chain.front());
    facts["ca"] = issued.directory_url;
    if (lineage) facts["files"] = facts_of(lineage->live_files());
    return facts;
}

void say(Console& console, const pki::Certificate& certificate, bool is_dry_run) {
    const auto until = base::to_rfc3339(certificate.not_after());
    console.say(is_dry_run
                    ? fmt::format("Dry run: a certificate valid until {} was obtained and dropped "
                                  "again; nothing was put in place.",
                                  until)
                    : fmt::format("The certificate is in place and valid until {}.", until));
}

Outcome tell(Run& run, const CommonOptions& common, const client::IssuanceOrder& order,
             const client::IssuedCertificates& issued) {
    const bool is_dry_run = order.installing == client::Installing::dry_run;
    boost::json::array told;
    std::vector<std::string> files;
    for (const auto& member : client::planned_members(order.lineage, order.plan)) {
        const auto& certificate = member.further ? issued.further.at(told.size() - 1) : issued;
        std::optional<client::Lineage> lineage;
        if (!is_dry_run) lineage.emplace(run.state(), member);
        say(run.console(), certificate.chain.front(), is_dry_run);
        told.push_back(to_json(certificate, lineage));
        if (!lineage) continue;
        files.push_back(lineage->live_files().full_chain);
        files.push_back(lineage->live_files().private_key);
    }
    if (!common.json)
        for (const auto& file : files) run.console().print(file, Delivery::attempted);
    return {.data = {{"lineage", order.lineage.text()},
                     {"dry_run", is_dry_run},
                     {"certificates", std::move(told)}}};
}

Outcome issue(Run& run, const CommonOptions& common, const IssueOptions& options) {
    auto plan = plan_from(options);
    if (options.dry_run) rehearse(plan);
    client::clean_up_after_crashes(run.state(), run.solvers(), run.console());
    settle_dns(run, options.dns, plan);
    settle_solvers(plan, run.solvers());
    auto name = lineage_name(options, plan, run.state());
    const client::IssuanceOrder order{
        .lineage = std::move(name),
        .plan = std::move(plan),
        .account = account_options(options),
        .replaces = {},
        .installing = options.dry_run ? client::Installing::dry_run : client::Installing::yes};
    const auto lock = run.state().lock(order.lineage, run.timer(), client::lineage_lock_patience);
    const auto environment = run.environment();
    const auto issued = client::issue(environment, order, run.console());
    auto outcome = tell(run, common, order, issued);
    if (!options.dry_run)
        client::open_other_accounts(environment, order.plan, order.account, run.console());
    return outcome;
}

std::string solver_help() {
    std::string text = "Solvers:\n";
    for (const auto& kind : client::solver_kinds())
        text += fmt::format("  {:<24} {}\n", kind.usage, kind.summary);
    return text;
}

std::string authority_usage() {
    std::string text;
    for (const auto& authority : client::known_authorities())
        text += std::string(authority.name) + "|";
    return text + "URL";
}

}  // namespace

void add_issue_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand("issue", "Obtain a certificate and keep it");
    const auto options = std::make_shared<IssueOptions>();
    const auto file = CLI::ExistingFile;
    command->add_option("-d", options->names, "A name or address, and who proves it")
        ->required()
        ->allow_extra_args(false)
        ->type_name("NAME[=SOLVER]");
    command->add_option("--name", options->lineage, "Name of the lineage; else the first -d")
        ->type_name("LINEAGE");
    command
        ->add_option(
            "--ca", options->authorities,
            "The CA; several are asked in this order, where one cannot be asked or refuses")
        ->allow_extra_args(false)
        ->type_name(authority_usage())
        ->capture_default_str();
    command->add_option("--ca-root", options->root_file, "Roots for the CA's own TLS (PEM)")
        ->check(file)
        ->type_name("FILE");
    command->add_option("--solver", options->solver, "Who proves control of the names")
        ->type_name("SOLVER")
        ->capture_default_str();
    command
        ->add_option("--key-type", options->key_types,
                     "Type of the certificate's key; for each further one a certificate stands "
                     "beside the first, as fullchain-rsa2048.pem")
        ->allow_extra_args(false)
        ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096"}))
        ->capture_default_str();
    add_dns_options(*command, options->dns);
    command->add_flag("--reuse-key", options->reuse_key, "Keep the key when renewing");
    auto* profile = command->add_option("--profile", options->profile,
                                        "A profile of the CA's; where it offers none of that name, "
                                        "the certificate is ordered without");
    command
        ->add_option("--required-profile", options->required_profile,
                     "The same, but without it nothing is ordered")
        ->excludes(profile);
    command
        ->add_option("--preferred-chain", options->preferred_chain,
                     "Common name that the chain should lead to")
        ->type_name("CN");
    command->add_flag("--must-staple", options->must_staple)->group("");
    auto* key_id = command->add_option("--eab-kid", options->eab_key_id,
                                       "Key id that the CA gave for external account binding");
    auto* key_file = command
                         ->add_option("--eab-hmac-key-file", options->eab_key_file,
                                      "File with the HMAC key (base64url) that goes with it")
                         ->check(file)
                         ->type_name("FILE");
    key_id->needs(key_file);
    key_file->needs(key_id);
    command->add_option("--email", options->email, "Contact for a new account")->type_name("ADDR");
    command->add_flag("--agree-tos", options->agree_terms,
                      "Agree to the terms of service of the CAs");
    command
        ->add_option(
            "--deploy-hook", options->deploy_hooks,
            "Program to run when a new certificate is in place; it finds CAIRN_LINEAGE, "
            "CAIRN_NAMES and CAIRN_LIVE_DIR in its environment; may be given several times")
        ->allow_extra_args(false)
        ->type_name("PROGRAM");
    command->add_flag("--dry-run", options->dry_run,
                      "Obtain a certificate from the CA's staging directory, or from the CA that "
                      "--ca URL names for it, and drop it");
    command->footer(
        solver_help() +
        "Examples:\n"
        "  cairn issue -d example.com -d www.example.com --solver webroot:/var/www/html \\\n"
        "      --email you@example.com --agree-tos --deploy-hook /etc/cairn/reload\n"
        "  cairn issue -d example.com -d '*.example.com=exec:/usr/local/bin/dns-hook'");
    command->callback([&common, &chosen, options] {
        chosen = [&common, options](Run& run) { return issue(run, common, *options); };
    });
}

}  // namespace cairn
