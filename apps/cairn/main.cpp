// cairn: obtains, renews, watches and revokes certificates from any ACME CA.

#include <algorithm>
#include <exception>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "apps/cairn/commands.h"
#include "apps/cairn/console.h"
#include "apps/cairn/interruption.h"
#include "apps/cairn/outcome.h"
#include "apps/cairn/output.h"
#include "apps/cairn/run.h"
#include "apps/command_line/unknown_word.h"
#include "base/json_quoted.h"
#include "client/failure.h"

namespace cairn {
namespace {

using Words = std::vector<std::string>;

void add_common_options(CLI::App& program, CommonOptions& common) {
    program
        .add_option("--state", common.state,
                    "Where certificates, keys and accounts are kept; else /var/lib/cairn for root, "
                    "and for others cairn in $XDG_STATE_HOME or ~/.local/state")
        ->envname("CAIRN_STATE")
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
                     "\nAll commands take --state DIR, --json, --exit-code, -q, -v and --messages: "
                     "see `cairn --help`.");
        mention_common_options(*each);
    }
}

Messages messages_of(const CommonOptions& options) {
    return options.messages == "json" ? Messages::json : Messages::sentences;
}

Verbosity verbosity_of(const CommonOptions& options) {
    if (options.quiet) return Verbosity::quiet;
    return options.verbose ? Verbosity::detailed : Verbosity::usual;
}

/// What the command has come to, however it ended.
Outcome run(const std::string& name, const Command& command, const CommonOptions& options,
            Console& console) {
    const auto fail = [&](const client::Failure& failure) {
        console.fail(failure);
        return Outcome{.result = Result::failed, .data = {}, .failure = failure};
    };
    try {
        Interruption interruption(console);
        Run everything(options, console, interruption);
        if (!name.starts_with("state ")) everything.tell_of_former_place();
        return command(everything);
    } catch (const client::Failure& failure) {
        return fail(failure);
    } catch (const std::exception& fault) {
        return fail({"finish", fault.what()});
    }
}

/// Prints it where that was asked for; the exit code of the program.
int conclude(const std::string& command, Outcome outcome, const CommonOptions& options,
             Console& console) {
    try {
        if (options.json)
            console.print_answer(
                base::json_for_terminals(boost::json::serialize(to_json(command, outcome))),
                outcome.delivery);
    } catch (const client::Failure& failure) {
        console.fail(failure);
        outcome.result = Result::failed;
    }
    return exit_code(outcome.result,
                     options.exit_code ? NothingToDo::is_told : NothingToDo::counts_as_done);
}

/// The words that chose the command, as far as it is known: "account show".
std::string name_of_chosen(const CLI::App& program) {
    std::string name;
    for (const auto* command = &program; !command->get_subcommands().empty();) {
        command = command->get_subcommands().front();
        name += (name.empty() ? "" : " ") + command->get_name();
    }
    return name;
}

/// Of a command line that cannot be understood: how its author wants to be answered.
CommonOptions options_of_unread(const Words& words) {
    CommonOptions options;
    for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
        if (words[i] == "--json") options.json = true;
        if (words[i] == "--messages=json" ||
            (words[i] == "--messages" && i + 1 < words.size() && words[i + 1] == "json"))
            options.messages = "json";
    }
    return options;
}

int refuse(CLI::App& program, const CLI::ParseError& error, const Words& words) {
    const auto options = options_of_unread(words);
    const auto command = name_of_chosen(program);
    const client::Failure failure(
        "understand the command line",
        command_line::unknown_word(program, words).value_or(base::printable(error.what())),
        fmt::format("run `cairn {}--help` for what there is.",
                    command.empty() ? "" : command + " "));
    Console console(messages_of(options), Verbosity::usual);
    console.fail(failure);
    return conclude(command, {.result = Result::usage_error, .data = {}, .failure = failure},
                    options, console);
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
    cairn::add_common_options(program, common);
    program.footer(
        "Exit codes: 0 done, also when there was nothing to do; 2 failed.\n"
        "Example: cairn issue -d example.com -d www.example.com --email you@example.com "
        "--agree-tos");
    cairn::add_issue_command(program, common, command);
    cairn::add_set_command(program, common, command);
    cairn::add_renew_command(program, common, command);
    cairn::add_daemon_command(program, common, command);
    cairn::add_status_command(program, common, command);
    cairn::add_explain_command(program, common, command);
    cairn::add_doctor_command(program, common, command);
    cairn::add_revoke_command(program, common, command);
    cairn::add_account_command(program, common, command);
    cairn::add_dns_command(program, common, command);
    cairn::add_state_command(program, common, command);
    cairn::mention_common_options(program);
    try {
        program.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return program.exit(error);
        return cairn::refuse(program, error, {arguments + 1, arguments + count});
    }
    cairn::Console console(cairn::messages_of(common), cairn::verbosity_of(common));
    const auto name = cairn::name_of_chosen(program);
    return cairn::conclude(name, cairn::run(name, command, common, console), common, console);
}
