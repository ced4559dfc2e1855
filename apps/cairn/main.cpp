// cairn: obtains, renews, watches and revokes certificates from any ACME CA.

#include <cstdlib>
#include <exception>
#include <iostream>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/console.h"
#include "apps/cairn/interruption.h"
#include "apps/cairn/output.h"
#include "apps/cairn/run.h"
#include "apps/command_line/unknown_word.h"
#include "client/failure.h"

namespace cairn {
namespace {

constexpr int exit_usage = static_cast<int>(ExitCode::failed);

ExitCode run(const Command& command, const CommonOptions& options, Console& console) {
    const auto fail = [&](const client::Failure& failure) {
        console.fail(failure);
        if (options.json)
            console.print(boost::json::serialize(boost::json::object{{"error", facts_of(failure)}}),
                          Delivery::attempted);
        return ExitCode::failed;
    };
    try {
        Interruption interruption(console);
        Run everything(options, console, interruption);
        return command(everything);
    } catch (const client::Failure& failure) {
        return fail(failure);
    } catch (const std::exception& fault) {
        return fail({"finish", fault.what()});
    }
}

}  // namespace
}  // namespace cairn

int main(int count, char** arguments) {
    cairn::make_outputs_harmless();
    cairn::CommonOptions common;
    cairn::Command command;
    CLI::App program("Obtains, renews and revokes certificates from any ACME CA.", "cairn");
    program.set_version_flag("--version", "cairn " CAIRN_VERSION);
    program.require_subcommand(1);
    program.fallthrough();
    program.add_option("--state", common.state, "Where certificates, keys and accounts are kept")
        ->envname("CAIRN_STATE")
        ->default_val(cairn::default_state)
        ->type_name("DIR");
    program
        .add_option("--messages", common.messages,
                    "What is said on standard error: sentences, or a line of JSON for each event")
        ->check(CLI::IsMember({"sentences", "json"}))
        ->capture_default_str();
    program.footer(
        "Exit codes: 0 done, 1 nothing to do, 2 failed.\n"
        "Example: cairn issue -d example.com -d www.example.com --email you@example.com "
        "--agree-tos");
    cairn::add_issue_command(program, common, command);
    cairn::add_renew_command(program, common, command);
    cairn::add_status_command(program, common, command);
    cairn::add_revoke_command(program, common, command);
    cairn::add_account_command(program, common, command);
    try {
        program.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return program.exit(error);
        if (const auto unknown =
                cairn::command_line::unknown_word(program, {arguments + 1, arguments + count}))
            std::cerr << "cairn: " << *unknown << "\nRun `cairn --help` for what there is.\n";
        else
            program.exit(error);
        return cairn::exit_usage;
    }
    cairn::Console console(common.messages == "json" ? cairn::Messages::json
                                                     : cairn::Messages::sentences);
    return static_cast<int>(cairn::run(command, common, console));
}
