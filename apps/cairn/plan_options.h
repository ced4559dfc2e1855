#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "apps/cairn/dns_options.h"
#include "apps/cairn/key_store_options.h"
#include "client/account.h"
#include "client/deploy/target.h"
#include "client/plan_changes.h"
#include "client/settings.h"

namespace cairn {

/// What a command line says of a certificate, as it was written: what was not said is nothing.
struct PlanOptions {
    std::vector<std::string> names;
    std::vector<std::string> authorities;
    std::optional<std::string> root_file, solver;
    bool staging = false;
    std::vector<std::string> key_types;
    bool reuse_key = false, fresh_key = false;
    std::optional<std::string> profile, required_profile, preferred_chain, account, renew_before,
        ca_timeout;
    std::optional<std::string> request_file;
    KeyStoreOptions key_store;
    std::optional<std::string> pre_hook, post_hook, failure_hook;
    std::vector<std::string> deploy_hooks, deploy_targets;
    bool must_staple = false;
    /// To be put into a plan by `settle_dns`, before its solvers are made.
    DnsOptions dns;
};

/// Adds the options of `issue` that say what a certificate is to be and how it is got. `options`
/// outlives the command.
void add_plan_options(CLI::App& command, PlanOptions& options);

/// What they say. Programs are looked up, files read, known CAs replaced by their URLs. Throws
/// Failure for what cannot be understood.
[[nodiscard]] client::PlanChanges changes_from(const PlanOptions& options,
                                               const client::TargetContext& context);

/// What the settings of this machine say of new lineages, where nothing else was said.
void add_usual(client::PlanChanges& changes, const client::Settings& settings);

/// Replaces the CAs of the plan by their staging directories (--staging). Throws Failure if one has
/// none that is known.
void stage(client::CertificatePlan& plan);

/// What was tried at a staging directory is now wanted in earnest, unless that is the usual CA
/// here: puts CAs in the place of their staging directories, and returns them.
std::vector<std::string> leave_staging(client::CertificatePlan& plan,
                                       const client::Settings& settings);

/// What a command line says of the account that a certificate is ordered by.
struct AccountWords {
    std::optional<std::string> email, eab_key_id, eab_key_file;
    bool agree_terms = false;
    bool new_account = false;
};

/// Adds the options that say with what an account is made.
void add_account_options(CLI::App& command, AccountWords& words);
/// What they say; the contact is that of the settings, where none was said.
[[nodiscard]] client::AccountOptions account_options_from(const AccountWords& words,
                                                          const client::Settings& settings);

/// Kinds of deploy targets, for the end of a help text.
[[nodiscard]] std::string target_help();
/// The target with this text, in the form in which a plan keeps it. Throws Failure.
[[nodiscard]] client::DeployTarget target_from(const std::string& text,
                                               const client::TargetContext& context);

/// The solvers, for the end of a help text.
[[nodiscard]] std::string solver_help();

}  // namespace cairn
