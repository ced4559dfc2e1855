#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::client {

/// A program with its arguments, as somebody has written it in one line for a hook or a solver.
///
/// The line is split as a shell would quote it: blanks part words; '...' holds everything as it is;
/// in "..." a backslash stands before " and \; elsewhere it stands before any character. No shell
/// runs it, so what only a shell could do is refused, with the way to do it: variables and
/// substitutions ($, `), pipes, redirections and lists (|, <, >, ;, &, parentheses, a new line),
/// patterns (*, ?, [), braces, a tilde or a comment at the start of a word, and assignments in
/// front of the program.
class CommandWords {
  public:
    static constexpr std::size_t max_text = 8192;  ///< octets
    static constexpr std::size_t max_words = 256;

    /// Splits a line into at least one word, the first not empty. Nothing is looked up.
    [[nodiscard]] static base::Result<CommandWords> from_text(std::string_view text);
    /// Splits a line and finds its program, as `located` does. A line that is as a whole the
    /// absolute path of a file names that file, blanks and all.
    [[nodiscard]] static base::Result<CommandWords> find(std::string_view text);

    /// The same with the absolute path of the program: a name without a slash is searched in PATH
    /// and then where the system keeps programs, another is a path as seen from here. An error if
    /// there is none that may be run.
    [[nodiscard]] base::Result<CommandWords> located() const;

    [[nodiscard]] std::filesystem::path program() const { return words_.front(); }
    [[nodiscard]] std::vector<std::string> arguments() const {
        return {words_.begin() + 1, words_.end()};
    }
    /// A line that `from_text` splits into the same words.
    [[nodiscard]] std::string text() const;
    friend bool operator==(const CommandWords&, const CommandWords&) = default;

  private:
    explicit CommandWords(std::vector<std::string> words) : words_(std::move(words)) {}
    std::vector<std::string> words_;
};

/// One word as a shell and `CommandWords` read it back: in single quotes where it needs them.
[[nodiscard]] std::string shell_quoted(std::string_view word);

}  // namespace cairn::client
