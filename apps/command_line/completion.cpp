#include "apps/command_line/completion.h"

#include <algorithm>

namespace cairn::command_line {

namespace {

/// The commands directly below `command`, and its flags.
std::string words_of(CLI::App& command) {
    std::string words;
    const auto add = [&words](const std::string& word) {
        words += (words.empty() ? "" : " ") + word;
    };
    for (const auto* each : command.get_subcommands([](const CLI::App*) { return true; }))
        if (!each->get_name().empty()) add(each->get_name());
    for (const auto* option : command.get_options())
        for (const auto& name : option->get_lnames()) add("--" + name);
    return words;
}

/// A branch for `command`, which is reached by the commands of `path`, and for those below it.
void add_branches(CLI::App& command, const std::string& path, std::string& branches) {
    branches += "        \"" + path + "\") words=\"" + words_of(command) + "\" ;;\n";
    for (auto* each : command.get_subcommands([](const CLI::App*) { return true; }))
        if (!each->get_name().empty()) add_branches(*each, path + " " + each->get_name(), branches);
}

void add_paths(CLI::App& command, const std::string& path, std::string& paths) {
    for (auto* each : command.get_subcommands([](const CLI::App*) { return true; })) {
        if (each->get_name().empty()) continue;
        const auto below = path + " " + each->get_name();
        paths += (paths.empty() ? "" : " | ") + ("\"" + below + "\"");
        add_paths(*each, below, paths);
    }
}

}  // namespace

std::string bash_completion(CLI::App& program) {
    const auto& name = program.get_name();
    std::string function = "_" + name;
    std::ranges::replace(function, '-', '_');
    std::string paths, branches;
    add_paths(program, "", paths);
    add_branches(program, "", branches);
    return "# Completes the commands and flags of " + name + ".\n" + function +
           "() {\n"
           "    local path=\"\" words=\"\" i\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        case \"$path ${COMP_WORDS[i]}\" in\n"
           "        " +
           paths +
           ") path=\"$path ${COMP_WORDS[i]}\" ;;\n"
           "        esac\n"
           "    done\n"
           "    case \"$path\" in\n" +
           branches +
           "    esac\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
           "}\n"
           "complete -o default -F " +
           function + " " + name + "\n";
}

}  // namespace cairn::command_line
