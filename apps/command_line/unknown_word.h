#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace cairn::command_line {

/// A word that is no command or flag.
struct UnknownWord {
    std::string word;
    std::string finding;   ///< "renew has no flag --forse"
    std::string sentence;  ///< the same with the word that was probably meant, or all there are
};

/// The first of `words` (a command line without the program's name) that is no command or flag of
/// `program`. Nothing if all are known.
[[nodiscard]] std::optional<UnknownWord> find_unknown_word(CLI::App& program,
                                                           const std::vector<std::string>& words);

/// All of them. Behind a word that is no command, nobody knows what the others are.
[[nodiscard]] std::vector<UnknownWord> find_unknown_words(CLI::App& program,
                                                          const std::vector<std::string>& words);

/// All of `words` (a command line without the program's name) that are no commands or flags of
/// `program`, each in a sentence, on a line of its own, that also names the one that was probably
/// meant. Nothing if all are known.
[[nodiscard]] std::optional<std::string> unknown_word(CLI::App& program,
                                                      const std::vector<std::string>& words);

}  // namespace cairn::command_line
