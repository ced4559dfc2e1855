#include "apps/command_line/unknown_word.h"

#include <algorithm>

#include "base/nearest_word.h"
#include "base/result.h"

namespace cairn::command_line {

namespace {

std::vector<std::string> command_names(CLI::App& command) {
    std::vector<std::string> names;
    for (const auto* each : command.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(each->get_name());
    return names;
}

/// The command whose flags may stand behind those of `command` too, if there is one.
const CLI::App* beyond(const CLI::App& command) {
    return command.get_fallthrough() ? command.get_parent() : nullptr;
}

const CLI::Option* option_of(const CLI::App& command, const std::string& flag) {
    for (const auto* each = &command; each != nullptr; each = beyond(*each))
        if (const auto* option = each->get_option_no_throw(flag)) return option;
    return nullptr;
}

std::vector<std::string> flags_of(const CLI::App& command) {
    std::vector<std::string> flags;
    for (const auto* each = &command; each != nullptr; each = beyond(*each))
        for (const auto* option : each->get_options()) {
            for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
            for (const auto& name : option->get_snames()) flags.push_back("-" + name);
        }
    return flags;
}

/// The flag in a word: "--key" of "--key=value", "-k" of "-kvalue".
std::string flag_in(const std::string& word) {
    return word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

/// The commands below `command` that have a flag: who has said it too early.
std::vector<std::string> commands_with(CLI::App& command, const std::string& flag) {
    std::vector<std::string> names;
    for (const auto* each : command.get_subcommands([](const CLI::App*) { return true; }))
        if (each->get_option_no_throw(flag) != nullptr) names.push_back(each->get_name());
    return names;
}

UnknownWord said_too_early(const CLI::App& command, const std::string& flag,
                           const std::vector<std::string>& names) {
    const auto finding = command.get_name() + " has no flag " + flag + " before its command";
    auto sentence = finding + "; say it behind ";
    for (const auto& name : names)
        sentence += (name == names.front()  ? ""
                     : name == names.back() ? " or "
                                            : ", ") +
                    ("`" + command.get_name() + " " + name + "`");
    return {flag, finding, sentence};
}

UnknownWord unknown(const CLI::App& command, const char* kind, const std::string& word,
                    const std::vector<std::string>& known) {
    const auto finding = command.get_name() + " has no " + kind + " " + base::printable(word, 60);
    if (const auto meant = base::nearest_word(word, known))
        return {word, finding, finding + "; did you mean " + *meant + "?"};
    auto sentence = finding;
    for (const auto& each : known) sentence += (each == known.front() ? "; it has " : ", ") + each;
    return {word, finding, sentence};
}

}  // namespace

std::optional<std::string> unknown_word(CLI::App& program, const std::vector<std::string>& words) {
    std::string sentences;
    for (const auto& found : find_unknown_words(program, words))
        sentences += (sentences.empty() ? "" : "\n") + found.sentence;
    if (sentences.empty()) return std::nullopt;
    return sentences;
}

std::optional<UnknownWord> find_unknown_word(CLI::App& program,
                                             const std::vector<std::string>& words) {
    auto found = find_unknown_words(program, words);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

std::vector<UnknownWord> find_unknown_words(CLI::App& program,
                                            const std::vector<std::string>& words) {
    std::vector<UnknownWord> found;
    CLI::App* command = &program;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto& word = words[i];
        if (word == "--") return found;
        if (word.starts_with("-") && word.size() > 1) {
            const auto flag = flag_in(word);
            const auto* option = option_of(*command, flag);
            if (option == nullptr) {
                const auto names = commands_with(*command, flag);
                found.push_back(names.empty() ? unknown(*command, "flag", flag, flags_of(*command))
                                              : said_too_early(*command, flag, names));
                continue;
            }
            // Its value is no word of ours.
            if (option->get_expected_max() > 0 && flag == word) ++i;
            continue;
        }
        const auto names = command_names(*command);
        if (names.empty()) continue;
        if (std::ranges::find(names, word) == names.end()) {
            // It may be the value of a flag that is not known.
            if (found.empty()) found.push_back(unknown(*command, "command", word, names));
            return found;
        }
        command = command->get_subcommand(word);
        // What stands behind such a command is its own affair.
        if (command->get_prefix_command()) return found;
    }
    return found;
}

}  // namespace cairn::command_line
