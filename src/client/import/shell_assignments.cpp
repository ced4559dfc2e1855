#include "client/import/shell_assignments.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "client/dns/acme_sh.h"

namespace cairn::client {
namespace {

constexpr std::string_view base64_start = "__ACME_BASE64__START_";
constexpr std::string_view base64_end = "__ACME_BASE64__END_";
constexpr std::string_view blanks = " \t\r";

/// True if acme.sh has put the value into base64. The marks may not share an underscore.
bool is_encoded(std::string_view value) {
    return value.size() >= base64_start.size() + base64_end.size() &&
           value.starts_with(base64_start) && value.ends_with(base64_end);
}

/// The text of such a value; nothing if it is damaged.
std::optional<std::string> decoded(std::string_view value) {
    value.remove_prefix(base64_start.size());
    value.remove_suffix(base64_end.size());
    std::string text(value);
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    while (text.ends_with('=')) text.pop_back();
    const auto octets = base::from_base64url(text);
    if (!octets) return std::nullopt;
    return std::string(base::text_of(*octets));
}

/// A word as a shell reads it.
struct Word {
    std::string text;
    /// True if it has parts that only a shell could tell.
    bool needs_shell = false;
    bool ends = true;
};

class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    base::Result<ShellAssignments> run() {
        if (rest_.size() > ShellAssignments::max_text) return base::fail("it is too long");
        if (rest_.find('\0') != std::string_view::npos) return base::fail("it is no text");
        ShellAssignments found;
        std::size_t count = 0;
        for (;;) {
            skip(" \t\r\n;");
            if (rest_.empty()) return found;
            if (rest_.front() == '#') {
                skip_line();
                continue;
            }
            if (++count > ShellAssignments::max_variables) return failure("there are too many");
            const auto equals = rest_.find_first_of("=\n");
            if (equals == std::string_view::npos || rest_[equals] != '=')
                return failure("it assigns nothing");
            auto name = rest_.substr(0, equals);
            if (name.starts_with("export ")) name.remove_prefix(7);
            if (!is_shell_variable(name)) return failure("it assigns nothing");
            rest_.remove_prefix(equals + 1);
            const auto word = take_word();
            if (!word.ends) return failure("a quote does not end");
            skip(blanks);
            if (!rest_.empty() && rest_.front() != '\n' && rest_.front() != '#' &&
                rest_.front() != ';')
                return failure("something stands behind a value");
            keep(std::string(name), word, found);
        }
    }

  private:
    std::unexpected<base::Error> failure(std::string_view what) const {
        return base::fail(fmt::format("line {}: {}", line_, what));
    }

    static void keep(std::string name, const Word& word, ShellAssignments& found) {
        std::optional<std::string> value = word.text;
        if (is_encoded(word.text)) value = decoded(word.text);
        found.values.erase(name);
        std::erase(found.unread, name);
        if (value && !word.needs_shell)
            found.values.emplace(std::move(name), std::move(*value));
        else
            found.unread.push_back(std::move(name));
    }

    char take() {
        const char first = rest_.front();
        rest_.remove_prefix(1);
        if (first == '\n') ++line_;
        return first;
    }
    void skip(std::string_view characters) {
        while (!rest_.empty() && characters.find(rest_.front()) != std::string_view::npos) take();
    }
    void skip_line() {
        while (!rest_.empty() && rest_.front() != '\n') take();
    }

    Word take_word() {
        Word word;
        while (!rest_.empty()) {
            const char first = rest_.front();
            if (first == ' ' || first == '\t' || first == '\n' || first == '\r' || first == ';')
                break;
            take();
            if (first == '\'') {
                while (!rest_.empty() && rest_.front() != '\'') word.text += take();
                if (rest_.empty()) word.ends = false;
                if (!rest_.empty()) take();
            } else if (first == '"') {
                take_double_quoted(word);
            } else if (first == '\\') {
                if (!rest_.empty()) word.text += take();
            } else {
                // A pattern stays as it is in an assignment; a tilde in front does not.
                if (std::string_view("$`|&<>()").find(first) != std::string_view::npos ||
                    (first == '~' && word.text.empty()))
                    word.needs_shell = true;
                word.text += first;
            }
        }
        return word;
    }

    void take_double_quoted(Word& word) {
        while (!rest_.empty() && rest_.front() != '"') {
            char next = take();
            if (next == '$' || next == '`') word.needs_shell = true;
            if (next == '\\' && !rest_.empty() &&
                std::string_view("\"\\$`\n").find(rest_.front()) != std::string_view::npos)
                next = take();
            word.text += next;
        }
        if (rest_.empty()) word.ends = false;
        if (!rest_.empty()) take();
    }

    std::string_view rest_;
    std::size_t line_ = 1;
};

}  // namespace

base::Result<ShellAssignments> ShellAssignments::from_text(std::string_view text) {
    return Reader(text).run();
}

std::string ShellAssignments::text(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
}

}  // namespace cairn::client
