#include "client/nginx/syntax_tree.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace cairn::client::nginx {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// The word between `begin` and `end`, with its escapes resolved.
std::string value_of(std::string_view raw) {
    std::string value;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\\' && i + 1 < raw.size()) {
            const char next = raw[i + 1];
            const auto letter = std::string_view("trn").find(next);
            if (letter != std::string_view::npos) {
                value += "\t\r\n"[letter];
                ++i;
                continue;
            }
            if (next == '"' || next == '\'' || next == '\\') ++i;
        }
        value += raw[i];
    }
    return value;
}

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    base::Result<std::vector<Directive>> run() {
        while (true) {
            const auto ending = read_words();
            if (error_) return fail_at(error_place_, *error_);
            switch (ending) {
                case Ending::file:
                    if (!open_.empty())
                        return fail_at(open_.back().open,
                                       "this block is not closed before the end of the file");
                    return std::move(top_);
                case Ending::semicolon:
                    current_.end = at_;
                    add(std::move(current_));
                    break;
                case Ending::block:
                    current_.open = at_ - 1;
                    if (current_.name().ends_with("_by_lua_block")) {
                        current_.body = Directive::Body::lua;
                        if (!skip_lua()) return fail_at(current_.open, "this Lua is not closed");
                        current_.close = at_ - 1;
                        current_.end = at_;
                        add(std::move(current_));
                        break;
                    }
                    if (open_.size() == SyntaxTree::max_depth)
                        return fail_at(at_, "too many blocks stand in each other");
                    current_.body = Directive::Body::directives;
                    open_.push_back(std::move(current_));
                    break;
                case Ending::brace: {
                    if (open_.empty()) return fail_at(at_, "unexpected \"}\"");
                    auto closed = std::move(open_.back());
                    open_.pop_back();
                    closed.close = at_ - 1;
                    closed.end = at_;
                    add(std::move(closed));
                    break;
                }
            }
            current_ = {};
        }
    }

  private:
    enum class Ending { file, semicolon, block, brace };

    void add(Directive directive) {
        (open_.empty() ? top_ : open_.back().children).push_back(std::move(directive));
    }

    std::unexpected<base::Error> fail_at(std::size_t place, std::string_view what) const {
        const auto before = text_.substr(0, std::min(place, text_.size()));
        return base::fail(fmt::format("line {}: {}", 1 + std::ranges::count(before, '\n'), what));
    }
    Ending refuse(std::size_t place, std::string what) {
        error_ = std::move(what);
        error_place_ = place;
        return Ending::file;
    }

    /// Reads the words of one directive into `current_`, up to what ends them.
    Ending read_words() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (is_blank(c)) {
                ++at_;
            } else if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (c == ';' || c == '{') {
                if (current_.words.empty()) return refuse(at_, fmt::format("unexpected \"{}\"", c));
                ++at_;
                return c == ';' ? Ending::semicolon : Ending::block;
            } else if (c == '}') {
                if (!current_.words.empty())
                    return refuse(at_, "unexpected \"}\"; is a \";\" missing before it?");
                ++at_;
                return Ending::brace;
            } else if (!read_word()) {
                return Ending::file;
            }
        }
        if (!current_.words.empty())
            return refuse(current_.begin,
                          fmt::format("\"{}\" has no \";\" before the end of the file",
                                      base::printable(current_.name(), 40)));
        return Ending::file;
    }

    /// Reads the word that begins here, quotes and all.
    bool read_word() {
        const auto begin = at_;
        const char quote = text_[at_] == '"' || text_[at_] == '\'' ? text_[at_] : '\0';
        if (quote != '\0') ++at_;
        const auto inside = at_;
        bool is_after_dollar = false;
        while (true) {
            if (at_ >= text_.size()) {
                refuse(begin, quote == '\0' ? "the file ends within a word"
                                            : "this quotation is not closed");
                return false;
            }
            if (at_ - inside >= SyntaxTree::max_word) {
                refuse(begin, "this word is too long; is a quotation mark missing?");
                return false;
            }
            const char c = text_[at_];
            if (c == '{' && is_after_dollar) {
                ++at_;
                continue;
            }
            is_after_dollar = c == '$';
            if (c == '\\') {
                at_ = std::min(at_ + 2, text_.size());
                continue;
            }
            if (quote == '\0' ? is_blank(c) || c == ';' || c == '{' : c == quote) break;
            ++at_;
        }
        Word word{value_of(text_.substr(inside, at_ - inside)), begin, at_};
        if (quote != '\0') word.end = ++at_;
        if (current_.words.empty()) current_.begin = begin;
        current_.words.push_back(std::move(word));
        if (quote == '\0' || at_ == text_.size()) return true;
        // A quoted word ends with its quote, and only a parenthesis may touch it.
        const char next = text_[at_];
        if (!is_blank(next) && next != ';' && next != '{' && next != ')') {
            refuse(at_, fmt::format("unexpected \"{}\" behind a quotation",
                                    base::printable(std::string_view(&next, 1))));
            return false;
        }
        return true;
    }

    /// Goes behind the brace that closes the Lua program which begins here.
    bool skip_lua() {
        std::size_t depth = 1;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '-' && text_.substr(at_, 2) == "--") {
                at_ += 2;
                if (const auto level = long_bracket())
                    skip_long_bracket(*level);
                else
                    at_ = std::min(text_.find('\n', at_), text_.size());
                continue;
            }
            if (c == '[') {
                if (const auto level = long_bracket()) {
                    skip_long_bracket(*level);
                    continue;
                }
            }
            if (c == '"' || c == '\'') {
                skip_lua_text(c);
                continue;
            }
            ++at_;
            if (c == '{') ++depth;
            if (c == '}' && --depth == 0) return true;
        }
        return false;
    }

    void skip_lua_text(char quote) {
        ++at_;
        while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2U : 1U;
        at_ = std::min(at_ + 1, text_.size());
    }

    /// How many = are in the "[==[" that begins here.
    [[nodiscard]] std::optional<std::size_t> long_bracket() const {
        if (at_ >= text_.size() || text_[at_] != '[') return std::nullopt;
        const auto second = text_.find_first_not_of('=', at_ + 1);
        if (second == std::string_view::npos || text_[second] != '[') return std::nullopt;
        return second - at_ - 1;
    }
    void skip_long_bracket(std::size_t level) {
        const auto closing = "]" + std::string(level, '=') + "]";
        const auto end = text_.find(closing, at_ + level + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + closing.size();
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Directive current_;
    std::vector<Directive> open_;
    std::vector<Directive> top_;
    std::optional<std::string> error_;
    std::size_t error_place_ = 0;
};

}  // namespace

base::Result<SyntaxTree> SyntaxTree::parse(std::string_view text) {
    if (text.size() > max_text)
        return base::fail(fmt::format("it is larger than {} octets", max_text));
    auto directives = Parser(text).run();
    if (!directives) return std::unexpected(directives.error());
    SyntaxTree tree;
    tree.directives_ = std::move(*directives);
    return tree;
}

std::string quoted_word(std::string_view text) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:,+=@%~^*?[]()|";
    const bool begins_plainly = !text.empty() && text.front() != '#';
    if (begins_plainly && text.find_first_not_of(plain) == std::string_view::npos)
        return std::string(text);
    std::string word = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') word += '\\';
        word += c;
    }
    return word + '"';
}

}  // namespace cairn::client::nginx
