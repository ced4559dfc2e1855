#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>

#include "apps/ca/audit_command.h"
#include "apps/ca/backup_command.h"
#include "apps/ca/exit_status.h"
#include "apps/ca/init_command.h"
#include "apps/ca/inspection_commands.h"
#include "apps/ca/issuer_commands.h"
#include "apps/ca/operator_command.h"
#include "apps/ca/serve.h"
#include "apps/command_line/completion.h"
#include "apps/command_line/unknown_word.h"
#include "base/log_output.h"

namespace {

/// Whether the words of a command line, understood or not, ask for an answer in JSON.
bool wants_json(const std::vector<std::string>& words) {
    const auto end = std::ranges::find(words, "--");
    return std::find(words.begin(), end, "--json") != end;
}

}  // namespace

int main(int argument_count, char** arguments) {
    CLI::App program("A certificate authority that speaks ACME (RFC 8555)", "cairn-ca");
    program.set_version_flag("--version", "cairn-ca " CAIRN_VERSION);
    program.require_subcommand(1);
    // The libraries of TPMs would write to standard error; what they find is in our messages.
    ::setenv("TSS2_LOG", "all+NONE", 0);

    const cairn::apps::InitCommand init_command(program);
    const cairn::apps::IssuerCommands issuer_commands(program);

    std::filesystem::path folder;
    std::vector<std::string> overrides;
    auto* serve = program.add_subcommand("serve", "Serve the authority in a folder");
    serve->footer(
        "SIGTERM drains and exits 0; SIGHUP reloads configuration and keys.\n"
        "Example:\n  cairn-ca serve /var/lib/cairn-ca --set validation.http_port=5002");
    serve->add_option("DIR", folder, "Folder that `init` created")->required();
    serve
        ->add_option("--set", overrides,
                     "KEY=VALUE overrides a key of ca.toml; VALUE is TOML (may be repeated)")
        ->allow_extra_args(false);

    const cairn::apps::AuditCommands audit_commands(program);
    const cairn::apps::InspectionCommands inspection_commands(program);
    const cairn::apps::BackupCommands backup_commands(program);
    const cairn::apps::OperatorCommands operator_commands(program);
    auto* completion = program.add_subcommand(
        "completion", "Print a script by which a shell completes these commands");
    std::string shell = "bash";
    completion->footer("Example:\n  cairn-ca completion bash > /etc/bash_completion.d/cairn-ca");
    completion->add_option("SHELL", shell, "bash; zsh reads the same after bashcompinit")
        ->check(CLI::IsMember({"bash", "zsh"}));
    const std::vector<std::string> given(arguments + 1, arguments + argument_count);
    try {
        program.parse(argument_count, arguments);
        if (completion->parsed()) {
            std::cout << cairn::command_line::bash_completion(program) << std::flush;
            return std::cout ? 0 : cairn::apps::failed;
        }
        if (audit_commands.was_given()) return audit_commands.run(cairn::apps::Adapters());
        if (operator_commands.was_given()) return operator_commands.run(cairn::apps::Adapters());
        if (inspection_commands.was_given()) return inspection_commands.run();
        if (backup_commands.was_given()) return backup_commands.run();
        if (init_command.was_given()) return init_command.run();
        if (issuer_commands.was_given()) return issuer_commands.run();
        return cairn::apps::serve(folder, overrides, cairn::apps::Adapters());
    } catch (const CLI::ParseError& error) {
        std::ostringstream words;
        if (error.get_exit_code() == 0) return program.exit(error);
        const auto unknown = cairn::command_line::unknown_word(program, given);
        if (!unknown && dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)
            // Not told: a value of --set that lost its key may hold a password.
            words << "cairn-ca: there is a word too many; a value belongs to its key, as in "
                     "--set KEY=VALUE\n";
        else if (unknown)
            words << "cairn-ca: " << *unknown << "\nRun `cairn-ca --help` for what there is.\n";
        else
            program.exit(error, std::cout, words);
        if (wants_json(given))
            cairn::apps::OperatorCommands::print_usage_error(words.str());
        else
            cairn::base::write_last_words(words.str());
        return cairn::apps::failed;
    } catch (const std::exception& error) {
        if (wants_json(given))
            cairn::apps::OperatorCommands::print_failure(error.what());
        else
            cairn::base::write_last_words("cairn-ca: " + std::string(error.what()) + "\n");
        return cairn::apps::failed;
    }
}
