#pragma once

#include <functional>

#include <CLI/App.hpp>

#include "apps/cairn/outcome.h"
#include "apps/cairn/run.h"

namespace cairn {

/// What the chosen command does once the command line is read. Throws Failure if it fails.
using Command = std::function<Outcome(Run&)>;

// Each adds one command with its options to the program, and stores what it does in `chosen` if the
// command line names it. `common` is read when the command runs.
void add_issue_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_set_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_renew_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_daemon_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_status_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_explain_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_doctor_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_rehearse_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_notify_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_revoke_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_account_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_dns_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_deploy_command(CLI::App& program, CommonOptions& common, Command& chosen);
/// `rename`, `rollback` and `delete`.
void add_lineage_commands(CLI::App& program, CommonOptions& common, Command& chosen);
/// `plan` and `apply`.
void add_apply_commands(CLI::App& program, CommonOptions& common, Command& chosen);
void add_state_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_import_command(CLI::App& program, CommonOptions& common, Command& chosen);
void add_certbot_command(CLI::App& program, CommonOptions& common, Command& chosen);

}  // namespace cairn
