// cairn: obtains, renews, watches and revokes certificates from any ACME CA.

#include <algorithm>
#include <cstdlib>
#include <exception>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "apps/cairn/console.h"
#include "apps/cairn/foreign_words.h"
#include "apps/cairn/interruption.h"
#include "apps/cairn/outcome.h"
#include "apps/cairn/output.h"
#include "apps/cairn/program.h"
#include "apps/cairn/run.h"
#include "base/json_quoted.h"
#include "client/failure.h"

namespace cairn {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t max_usage_error = 4000;

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
        Interruption interruption(console,
                                  name == "daemon" ? Hangup::is_for_command : Hangup::stops);
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

/// Names stand behind -d, and people forget that.
bool wants_names(const std::string& command, const CLI::ParseError& error) {
    return error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) &&
           (command == "issue" || command == "rehearse");
}

int refuse(CLI::App& program, const CLI::ParseError& error, const Words& words) {
    const auto options = options_of_unread(words);
    const auto command = name_of_chosen(program);
    auto fault = answer_to_unknown_word(program, words)
                     .value_or(base::printable(error.what(), max_usage_error));
    if (wants_names(command, error)) fault += "; a name is said with -d NAME";
    const client::Failure failure("understand the command line", fault,
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
    // The libraries of TPMs would write to standard error; what they find is in our messages.
    ::setenv("TSS2_LOG", "all+NONE", 0);
    cairn::CommonOptions common;
    cairn::Command command;
    const auto program = cairn::make_program(common, command);
    try {
        program->parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return program->exit(error);
        return cairn::refuse(*program, error, {arguments + 1, arguments + count});
    }
    cairn::Console console(cairn::messages_of(common), cairn::verbosity_of(common));
    const auto name = cairn::name_of_chosen(*program);
    return cairn::conclude(name, cairn::run(name, command, common, console), common, console);
}
