#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::client::nginx {

/// A word of a directive.
struct Word {
    /// As nginx understands it: without quotes, with escapes resolved.
    std::string value;
    /// Where it stands in the file, quotes included.
    std::size_t begin = 0, end = 0;
};

/// A directive: its name, its parameters, and what is between its braces.
struct Directive {
    /// At least one, the name.
    std::vector<Word> words;
    /// From its first word to its semicolon or closing brace, inclusive.
    std::size_t begin = 0, end = 0;
    enum class Body {
        none,        ///< it ends with a semicolon
        directives,  ///< `children`
        lua          ///< a program, which is not looked at
    };
    Body body = Body::none;
    /// Of a body: the places of its braces.
    std::size_t open = 0, close = 0;
    std::vector<Directive> children;

    [[nodiscard]] const std::string& name() const { return words.front().value; }
    /// The parameter with this number, from 1 on; empty if there is none.
    [[nodiscard]] std::string_view parameter(std::size_t number) const {
        return number < words.size() ? std::string_view(words[number].value) : std::string_view();
    }
    [[nodiscard]] bool is(std::string_view wanted) const { return name() == wanted; }
};

/// One file of an nginx configuration, split as nginx splits it (`ngx_conf_read_token`): words in
/// single and double quotes, backslashes, `${variable}`, comments, blocks, and the Lua programs of
/// `..._by_lua_block`. Every octet of the text belongs to a directive, or stands between two; the
/// text itself is kept by the caller, and changed by splicing (`Splices`).
class SyntaxTree {
  public:
    static constexpr std::size_t max_text = std::size_t{4} << 20U;  ///< octets
    static constexpr std::size_t max_depth = 50;                    ///< blocks in blocks
    static constexpr std::size_t max_word = 4096;                   ///< octets, as nginx has it

    /// The error says in which line it is.
    [[nodiscard]] static base::Result<SyntaxTree> parse(std::string_view text);
    [[nodiscard]] const std::vector<Directive>& directives() const { return directives_; }

  private:
    std::vector<Directive> directives_;
};

/// `text` as a word that nginx reads back as it is, in quotes where it needs them.
[[nodiscard]] std::string quoted_word(std::string_view text);

}  // namespace cairn::client::nginx
