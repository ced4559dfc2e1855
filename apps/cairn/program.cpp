#include "apps/cairn/program.h"

#include <CLI/CLI.hpp>

namespace cairn {
namespace {

void add_common_options(CLI::App& program, CommonOptions& common) {
    program
        .add_option("--state", common.state,
                    "Where certificates, keys and accounts are kept; else /var/lib/cairn for root, "
                    "and for others cairn in $XDG_STATE_HOME or ~/.local/state")
        ->envname("CAIRN_STATE")
        ->type_name("DIR");
    program
        .add_option("--config", common.config,
                    "Where cairn.toml and credentials are; else /etc/cairn for root, and for "
                    "others cairn in $XDG_CONFIG_HOME or ~/.config")
        ->envname("CAIRN_CONFIG")
        ->type_name("DIR");
    program.add_flag("--json", common.json,
                     "Print one JSON object with what came of it, whatever came of it");
    program.add_flag("--exit-code", common.exit_code,
                     "End with 1 instead of 0 if there was nothing to do");
    auto* quiet = program.add_flag("-q,--quiet", common.quiet,
                                   "Say only what went wrong, and what you are asked to do");
    program.add_flag("-v,--verbose", common.verbose, "Say also what each request to a CA came to")
        ->excludes(quiet);
    program
        .add_option("--messages", common.messages,
                    "What is said on standard error: sentences, or a line of JSON for each event")
        ->check(CLI::IsMember({"sentences", "json"}))
        ->capture_default_str();
}

/// Says at the end of each command's help what all commands take.
void mention_common_options(CLI::App& command) {
    for (auto* each : command.get_subcommands([](CLI::App*) { return true; })) {
        each->footer(each->get_footer() +
                     "\nAll commands take --state DIR, --config DIR, --json, --exit-code, -q, -v "
                     "and --messages: see `cairn --help`.");
        mention_common_options(*each);
    }
}

}  // namespace

std::unique_ptr<CLI::App> make_program(CommonOptions& common, Command& chosen) {
    auto program = std::make_unique<CLI::App>(
        "Obtains, renews and revokes certificates from any ACME CA.", "cairn");
    program->set_version_flag("--version", "cairn " CAIRN_VERSION);
    program->require_subcommand(1);
    program->fallthrough();
    add_common_options(*program, common);
    program->footer(
        "Exit codes: 0 done, also when there was nothing to do; 2 failed.\n"
        "Example: cairn issue -d example.com -d www.example.com --email you@example.com "
        "--agree-tos");
    add_issue_command(*program, common, chosen);
    add_set_command(*program, common, chosen);
    add_renew_command(*program, common, chosen);
    add_daemon_command(*program, common, chosen);
    add_status_command(*program, common, chosen);
    add_deploy_command(*program, common, chosen);
    add_explain_command(*program, common, chosen);
    add_notify_command(*program, common, chosen);
    add_doctor_command(*program, common, chosen);
    add_rehearse_command(*program, common, chosen);
    add_apply_commands(*program, common, chosen);
    add_lineage_commands(*program, common, chosen);
    add_revoke_command(*program, common, chosen);
    add_account_command(*program, common, chosen);
    add_dns_command(*program, common, chosen);
    add_state_command(*program, common, chosen);
    add_import_command(*program, common, chosen);
    add_certbot_command(*program, common, chosen);
    mention_common_options(*program);
    return program;
}

std::string name_of_chosen(const CLI::App& program) {
    std::string name;
    for (const auto* command = &program; !command->get_subcommands().empty();) {
        command = command->get_subcommands().front();
        name += (name.empty() ? "" : " ") + command->get_name();
    }
    return name;
}

}  // namespace cairn
