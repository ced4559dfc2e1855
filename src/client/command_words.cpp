#include "client/command_words.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "client/child_process.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view blanks = " \t";
/// Of no meaning to any shell, wherever in a word.
constexpr std::string_view plain =
    "%+,-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
    "abcdefghijklmnopqrstuvwxyz";

/// What a shell would do at this character outside quotes; empty: nothing.
std::string_view meaning_of(char character) {
    switch (character) {
        case '$':
            return "a variable or substitution ($)";
        case '`':
            return "a substitution (`)";
        case '|':
            return "a pipe (|)";
        case '<':
        case '>':
            return "a redirection (< or >)";
        case ';':
        case '&':
        case '(':
        case ')':
        case '\n':
            return "several commands (;, &, parentheses or a new line)";
        case '*':
        case '?':
        case '[':
            return "a pattern of file names (*, ? or [)";
        case '{':
        case '}':
            return "braces";
        default:
            return {};
    }
}

/// The same for the first character of a word.
std::string_view meaning_in_front(char character) {
    if (character == '~') return "somebody's home (~), which is to be written in full,";
    if (character == '#') return "a comment (#)";
    if (character == '!') return "a negation (!)";
    return meaning_of(character);
}

/// Splits one line. Used once.
class Splitter {
  public:
    explicit Splitter(std::string_view text) : text_(text) {}

    base::Result<std::vector<std::string>> words() {
        for (; at_ < text_.size(); ++at_) {
            const char character = text_[at_];
            if (blanks.contains(character))
                end_word();
            else if (character == '\'')
                take_single_quoted();
            else if (character == '"')
                take_double_quoted();
            else if (character == '\\')
                take_escaped();
            else
                take(character);
            if (error_) return std::unexpected(*error_);
        }
        end_word();
        if (error_) return std::unexpected(*error_);
        return std::move(words_);
    }

  private:
    void take(char character) {
        const auto meaning = word_ ? meaning_of(character) : meaning_in_front(character);
        if (!meaning.empty()) {
            refuse(meaning);
            return;
        }
        // A name and "=" that a shell would take for an assignment: only in front of the program.
        if (character == '=' && words_.empty() && word_ && is_unquoted_ && is_name(*word_))
            refuse("an assignment (NAME=VALUE) in front of the program");
        add(character);
    }

    void take_single_quoted() {
        const auto end = text_.find('\'', at_ + 1);
        if (end == std::string_view::npos) {
            error_ = base::Error("a quotation that begins with ' does not end");
            return;
        }
        begin_word();
        word_->append(text_.substr(at_ + 1, end - at_ - 1));
        is_unquoted_ = false;
        at_ = end;
    }

    void take_double_quoted() {
        begin_word();
        is_unquoted_ = false;
        for (++at_; at_ < text_.size(); ++at_) {
            const char character = text_[at_];
            if (character == '"') return;
            if (character == '$' || character == '`') {
                refuse(meaning_of(character));
                return;
            }
            const bool is_escape = character == '\\' && at_ + 1 < text_.size() &&
                                   std::string_view("\"\\$`").contains(text_[at_ + 1]);
            add(is_escape ? text_[++at_] : character);
        }
        error_ = base::Error("a quotation that begins with \" does not end");
    }

    void take_escaped() {
        if (++at_ == text_.size() || text_[at_] == '\n') {
            error_ = base::Error("there is nothing behind the \\ at the end");
            return;
        }
        add(text_[at_]);
        is_unquoted_ = false;
    }

    void begin_word() {
        if (word_) return;
        word_.emplace();
        is_unquoted_ = true;
    }

    void add(char character) {
        begin_word();
        *word_ += character;
    }

    void end_word() {
        if (!word_) return;
        if (words_.size() == CommandWords::max_words)
            error_ =
                base::Error(fmt::format("there are more than {} words", CommandWords::max_words));
        else
            words_.push_back(std::move(*word_));
        word_.reset();
    }

    static bool is_name(std::string_view text) {
        return !(text.front() >= '0' && text.front() <= '9') &&
               std::ranges::all_of(text, [](char c) {
                   return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_';
               });
    }

    void refuse(std::string_view meaning) {
        error_ = base::Error(fmt::format(
            "it holds {} and is run without a shell; quote what is meant as it stands, or have a "
            "shell run it: {}",
            meaning, base::printable(shell_quoted("sh -c " + shell_quoted(text_)))));
    }

    std::string_view text_;
    std::size_t at_ = 0;
    /// The word that is being read; nothing between words.
    std::optional<std::string> word_;
    bool is_unquoted_ = true;
    std::vector<std::string> words_;
    std::optional<base::Error> error_;
};

/// The folders that a program's name is searched in. Those of the system come last, since PATH
/// lacks some for services and ordinary users; those that depend on where one stands are left out.
std::vector<fs::path> folders_of_programs() {
    std::vector<fs::path> folders;
    const char* const path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        const auto folder = rest.substr(0, rest.find(':'));
        if (folder.starts_with('/')) folders.emplace_back(folder);
        rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    }
    for (const char* folder :
         {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"})
        if (std::ranges::find(folders, folder) == folders.end()) folders.emplace_back(folder);
    return folders;
}

base::Result<fs::path> searched(const std::string& name) {
    std::optional<base::Error> not_allowed;
    std::error_code ignored;
    for (const auto& folder : folders_of_programs()) {
        if (!fs::is_regular_file(folder / name, ignored)) continue;
        auto found = program_path((folder / name).string());
        if (found) return found;
        if (!not_allowed) not_allowed = found.error();
    }
    if (not_allowed) return std::unexpected(std::move(*not_allowed));
    const bool is_here = fs::is_regular_file(name, ignored);
    return base::fail(fmt::format(
        "there is no program {} in PATH{}", base::printable(name),
        is_here ? fmt::format("; the one in this folder is ./{}", base::printable(name)) : ""));
}

}  // namespace

base::Result<CommandWords> CommandWords::from_text(std::string_view text) {
    if (text.size() > max_text)
        return base::fail(fmt::format("it is longer than {} octets", max_text));
    if (text.contains('\0')) return base::fail("it holds an octet of value 0");
    auto words = Splitter(text).words();
    if (!words) return std::unexpected(words.error());
    if (words->empty() || words->front().empty()) return base::fail("no program was named");
    return CommandWords(std::move(*words));
}

base::Result<CommandWords> CommandWords::find(std::string_view text) {
    std::error_code ignored;
    if (text.size() <= max_text && text.starts_with('/') && !text.contains('\0') &&
        fs::is_regular_file(text, ignored))
        return CommandWords({std::string(text)}).located();
    const auto words = from_text(text);
    if (!words) return words;
    return words->located();
}

base::Result<CommandWords> CommandWords::located() const {
    const auto& name = words_.front();
    auto path = name.contains('/') ? program_path(name) : searched(name);
    if (!path) return std::unexpected(path.error());
    auto words = words_;
    words.front() = path->string();
    return CommandWords(std::move(words));
}

std::string CommandWords::text() const {
    std::string text;
    for (const auto& word : words_) {
        if (!text.empty()) text += ' ';
        // Not to be taken for an assignment.
        const bool is_odd_program = text.empty() && word.contains('=');
        text +=
            is_odd_program && shell_quoted(word) == word ? "'" + word + "'" : shell_quoted(word);
    }
    return text;
}

std::string shell_quoted(std::string_view word) {
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos)
        return std::string(word);
    std::string quoted = "'";
    for (const char character : word) {
        if (character == '\'')
            quoted += "'\\''";
        else
            quoted += character;
    }
    return quoted + '\'';
}

}  // namespace cairn::client
