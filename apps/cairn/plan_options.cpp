#include "apps/cairn/plan_options.h"

#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/cairn/parted_names.h"
#include "apps/cairn/run.h"
#include "client/certificate_authorities.h"
#include "client/command_words.h"
#include "client/deploy/target_recipe.h"
#include "client/solver.h"

namespace cairn {
namespace {

using client::PlanChanges;

void require_few(std::size_t count, std::string_view tried) {
    if (count > client::CertificatePlan::max_choices)
        throw client::Failure(
            tried, fmt::format("more than {} are named", client::CertificatePlan::max_choices));
}

template <class T>
void add_once(std::vector<T>& list, T element) {
    if (std::ranges::find(list, element) == list.end()) list.push_back(std::move(element));
}

std::vector<client::Authority> authorities_from(const std::vector<std::string>& texts) {
    std::vector<client::Authority> authorities;
    for (const auto& text : texts)
        add_once(authorities,
                 client::Authority{value_or_fail(client::directory_url_from(text), "use --ca")});
    require_few(authorities.size(), "use --ca");
    return authorities;
}

/// "a.example,*.a.example=SOLVER": the solver is for the name that it stands behind.
void add_names(std::vector<client::SaidName>& names, std::string_view text) {
    for (const auto& part : parted_names(text)) {
        auto name = value_or_fail(client::RequestedName::from_text(part, {}), "use -d");
        client::SaidName said{std::move(name.identifier)};
        if (part.contains('=')) said.solver = std::move(name.solver);
        const auto before =
            std::ranges::find(names, said.identifier, &client::SaidName::identifier);
        if (before == names.end())
            names.push_back(std::move(said));
        else if (said.solver)
            before->solver = std::move(said.solver);
    }
}

/// The line with the absolute path of its program, so that a renewal in another place, with another
/// PATH, runs the same; empty stays empty.
std::optional<std::string> hook_from(const std::optional<std::string>& line,
                                     std::string_view option) {
    if (!line || line->empty()) return line;
    return value_or_fail(client::CommandWords::find(*line), fmt::format("use {}", option)).text();
}

std::vector<client::DeployTarget> hooks_from(const std::vector<std::string>& hooks) {
    std::vector<client::DeployTarget> targets;
    for (const auto& hook : hooks)
        if (!hook.empty()) add_once(targets, {*hook_from(hook, "--deploy-hook")});
    require_few(targets.size(), "use --deploy-hook");
    return targets;
}

/// What --deploy says: targets that are no programs replace those that were none, programs those
/// that were.
void apply_targets(const PlanOptions& options, const client::TargetContext& context,
                   client::PlanChanges& changes) {
    if (!options.deploy_hooks.empty()) changes.deploy_hooks = hooks_from(options.deploy_hooks);
    if (options.deploy_targets.empty()) return;
    changes.deploy_others.emplace();
    for (const auto& text : options.deploy_targets) {
        if (text.empty()) continue;
        auto target = target_from(text, context);
        if (!target.is_program()) {
            add_once(*changes.deploy_others, std::move(target));
            continue;
        }
        if (!changes.deploy_hooks) changes.deploy_hooks.emplace();
        add_once(*changes.deploy_hooks, std::move(target));
    }
    require_few(
        changes.deploy_others->size() + (changes.deploy_hooks ? changes.deploy_hooks->size() : 0),
        "use --deploy");
}

std::optional<client::KeyReuse> reuse_from(const PlanOptions& options) {
    if (options.reuse_key) return client::KeyReuse::same_key;
    if (options.fresh_key) return client::KeyReuse::fresh_key;
    return std::nullopt;
}

void refuse_what_is_not_there(const PlanOptions& options) {
    if (options.must_staple)
        throw client::Failure("ask for the must-staple extension",
                              "CAs do not grant it any more: those that mattered have ended OCSP, "
                              "without which such a certificate fails everywhere",
                              "leave out --must-staple.");
}

std::string authority_usage() {
    std::string text;
    for (const auto& authority : client::known_authorities())
        text += std::string(authority.name) + "|";
    return text + "URL";
}

/// An option whose value, which may be empty, is told from its absence.
CLI::Option* add_text(CLI::App& command, const std::string& name,
                      std::optional<std::string>& target, const std::string& description) {
    return command.add_option_function<std::string>(
        name, [&target](const std::string& value) { target = value; }, description);
}

void add_hook_options(CLI::App& command, PlanOptions& options) {
    add_text(command, "--pre-hook", options.pre_hook,
             "Program to run before an order is made; '' for none")
        ->type_name("PROGRAM");
    add_text(command, "--post-hook", options.post_hook,
             "Program to run after it, whatever came of it")
        ->type_name("PROGRAM");
    add_text(command, "--failure-hook", options.failure_hook, "Program to run when it has failed")
        ->type_name("PROGRAM");
    command
        .add_option("--deploy-hook", options.deploy_hooks,
                    "Program to run when a new certificate is in place; it finds CAIRN_LINEAGE, "
                    "CAIRN_NAMES and CAIRN_LIVE_DIR in its environment; may be given several times")
        ->allow_extra_args(false)
        ->type_name("PROGRAM");
    command
        .add_option("--deploy", options.deploy_targets,
                    "What is to have a new certificate: it is put in place, checked, reloaded and "
                    "looked at, and rolled back if it is not served then; may be given several "
                    "times; '' for none (`cairn deploy --help` lists the kinds)")
        ->allow_extra_args(false)
        ->type_name("TARGET");
}

}  // namespace

client::DeployTarget target_from(const std::string& text, const client::TargetContext& context) {
    const auto target = value_or_fail(client::find_target(std::string_view(text), context),
                                      fmt::format("deploy to {}", base::printable(text)),
                                      "`cairn deploy --help` lists the kinds of targets.");
    auto canonical = target->text();
    constexpr std::string_view program = "exec:";
    if (canonical.starts_with(program)) return {canonical.substr(program.size())};
    return {{}, std::move(canonical)};
}

std::string target_help() {
    std::string text = "Targets:\n";
    for (const auto& kind : client::target_kinds())
        text += fmt::format("  {}\n      {}\n", kind.usage, kind.summary);
    text +=
        "Recipes (NAME[,OPTION=VALUE]...; one's own stand in deploy/NAME.toml beside "
        "cairn.toml):\n ";
    for (const auto& recipe : client::shipped_target_recipes())
        text += fmt::format(" {}", recipe.name);
    return text + "\n";
}

void add_plan_options(CLI::App& command, PlanOptions& options) {
    command
        .add_option(
            "-d,--domain", options.names,
            "Names or addresses, and who proves each; without SOLVER, --solver does. A comma in "
            "SOLVER has a backslash before it")
        ->allow_extra_args(false)
        ->type_name("NAME[=SOLVER][,NAME...]");
    add_text(command, "--csr", options.request_file,
             "Have this request (PKCS #10, PEM or DER) certified, whose key stays where it "
             "is; its names are those of the certificate")
        ->check(CLI::ExistingFile)
        ->type_name("FILE");
    command
        .add_option("--ca", options.authorities,
                    "The CA; several are asked in this order, where one cannot be asked or "
                    "refuses. Unless said: letsencrypt")
        ->allow_extra_args(false)
        ->type_name(authority_usage());
    add_text(command, "--ca-root", options.root_file, "Roots for the CA's own TLS (PEM)")
        ->check(CLI::ExistingFile | CLI::IsMember({""}))
        ->type_name("FILE");
    command.add_flag("--staging", options.staging,
                     "Ask the staging directory of the CA, whose certificates nobody trusts");
    add_text(command, "--account", options.account,
             "Name of the account to order by, of several at a CA; it is made if there is "
             "none of that name")
        ->type_name("NAME");
    add_text(command, "--solver", options.solver,
             "Who proves control of the names. Unless said: standalone")
        ->type_name("SOLVER");
    command
        .add_option("--key-type", options.key_types,
                    "Type of the certificate's key; for each further one a certificate stands "
                    "beside the first, as fullchain-rsa2048.pem. Unless said: ec-p256")
        ->allow_extra_args(false)
        ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096"}));
    auto* const reuse =
        command.add_flag("--reuse-key", options.reuse_key, "Keep the key when renewing");
    command.add_flag("--fresh-key", options.fresh_key, "Make a new key when renewing, as usual")
        ->excludes(reuse);
    add_key_store_options(command, options.key_store);
    add_dns_options(command, options.dns);
    add_proof_options(command, options.dns);
    auto* const profile = add_text(command, "--profile", options.profile,
                                   "A profile of the CA's; where it offers none of that name, the "
                                   "certificate is ordered without");
    add_text(command, "--required-profile", options.required_profile,
             "The same, but without it nothing is ordered")
        ->excludes(profile);
    add_text(command, "--preferred-chain", options.preferred_chain,
             "Common name that the chain should lead to")
        ->type_name("CN");
    add_text(command, "--renew-before", options.renew_before,
             "How long before its end it is renewed: \"30d\", or a share of its life: "
             "\"1/3\"; '' for as usual")
        ->type_name("DURATION|FRACTION");
    add_text(command, "--ca-timeout", options.ca_timeout,
             "How long the CA may take for validation and for issuance, each, before the order is "
             "left to the next run; unless said: as cairn.toml says, else 90s; '' for that")
        ->type_name("DURATION");
    command.add_flag("--must-staple", options.must_staple)->group("");
    add_hook_options(command, options);
}

PlanChanges changes_from(const PlanOptions& options, const client::TargetContext& context) {
    refuse_what_is_not_there(options);
    PlanChanges changes;
    if (!options.authorities.empty()) changes.authorities = authorities_from(options.authorities);
    if (options.root_file)
        changes.root_file =
            options.root_file->empty()
                ? std::string()
                : std::filesystem::absolute(*options.root_file).lexically_normal().string();
    for (const auto& text : options.names) add_names(changes.names, text);
    changes.solver = options.solver;
    if (!options.key_types.empty()) {
        changes.key_types.emplace();
        for (const auto& text : options.key_types)
            add_once(*changes.key_types,
                     value_or_fail(crypto::key_type_from(text), "use --key-type"));
    }
    changes.key_reuse = reuse_from(options);
    changes.key_store = options.key_store.store();
    changes.profile = options.required_profile ? options.required_profile : options.profile;
    if (options.required_profile) changes.profile_demand = client::ProfileDemand::required;
    changes.preferred_chain = options.preferred_chain;
    changes.account = options.account;
    if (options.account && !options.account->empty())
        static_cast<void>(
            value_or_fail(client::LineageName::from_text(*options.account), "use --account"));
    if (options.renew_before) {
        changes.renew_before.emplace();
        if (!options.renew_before->empty())
            *changes.renew_before = value_or_fail(
                client::RenewBefore::from_text(*options.renew_before), "use --renew-before");
    }
    if (options.ca_timeout) {
        changes.ca_timeout.emplace();
        if (!options.ca_timeout->empty())
            *changes.ca_timeout =
                value_or_fail(client::ca_timeout_from(*options.ca_timeout), "use --ca-timeout");
    }
    if (options.request_file)
        changes.request =
            value_or_fail(client::CertificateRequest::read(*options.request_file), "use --csr");
    changes.pre_hook = hook_from(options.pre_hook, "--pre-hook");
    changes.post_hook = hook_from(options.post_hook, "--post-hook");
    changes.failure_hook = hook_from(options.failure_hook, "--failure-hook");
    apply_targets(options, context, changes);
    return changes;
}

void add_usual(PlanChanges& changes, const client::Settings& settings) {
    if (!changes.authorities && !settings.authorities.empty())
        changes.authorities = settings.authorities;
    if (!changes.key_types && !changes.request && !settings.key_types.empty())
        changes.key_types = settings.key_types;
}

void stage(client::CertificatePlan& plan) {
    for (auto& authority : plan.authorities) {
        const auto staging =
            value_or_fail(client::staging_directory_of(authority.directory_url), "use --staging",
                          "name a CA that has one, or a directory of your own: --ca URL.");
        if (!staging)
            throw client::Failure("use --staging",
                                  fmt::format("no staging directory of the CA at {} is known",
                                              base::printable(authority.directory_url)),
                                  "name its staging directory: --ca URL.");
        authority.directory_url = *staging;
    }
}

std::vector<std::string> leave_staging(client::CertificatePlan& plan,
                                       const client::Settings& settings) {
    std::vector<std::string> asked;
    for (auto& authority : plan.authorities) {
        const auto production = client::authority_of_staging(authority.directory_url);
        const bool is_usual =
            std::ranges::find(settings.authorities, authority.directory_url,
                              &client::Authority::directory_url) != settings.authorities.end();
        if (!production || is_usual) continue;
        authority.directory_url = *production;
        asked.push_back(*production);
    }
    return asked;
}

void add_account_options(CLI::App& command, AccountWords& words) {
    auto* const key_id = command.add_option("--eab-kid", words.eab_key_id,
                                            "Key id that the CA gave for external account binding");
    auto* const key_file = command
                               .add_option("--eab-hmac-key-file", words.eab_key_file,
                                           "File with the HMAC key (base64url) that goes with it")
                               ->check(CLI::ExistingFile)
                               ->type_name("FILE");
    key_id->needs(key_file);
    key_file->needs(key_id);
    command.add_option("--email", words.email, "Contact for a new account")->type_name("ADDR");
    command.add_flag("--agree-tos", words.agree_terms, "Agree to the terms of service of the CAs");
    command.add_flag("--new-account", words.new_account,
                     "Make another account in the place of the one that stands: for one that its "
                     "CA has lost or does not serve any more");
}

client::AccountOptions account_options_from(const AccountWords& words,
                                            const client::Settings& settings) {
    client::AccountOptions account;
    if (!words.email && !settings.email.empty()) {
        account.contact.push_back("mailto:" + settings.email);
        account.contact_is = client::AccountOptions::Contact::usual;
    }
    if (words.agree_terms) account.terms = client::Terms::agreed;
    if (words.new_account) account.replacement = client::AccountOptions::Replacement::asked_for;
    if (words.email && !words.email->empty()) account.contact.push_back("mailto:" + *words.email);
    if (words.eab_key_id)
        account.external =
            value_or_fail(client::ExternalAccount::read(*words.eab_key_id, *words.eab_key_file),
                          "read the key of --eab-hmac-key-file");
    return account;
}

std::string solver_help() {
    std::string text = "Solvers:\n";
    for (const auto& kind : client::solver_kinds())
        text += fmt::format("  {:<24} {}\n", kind.usage, kind.summary);
    return text;
}

}  // namespace cairn
