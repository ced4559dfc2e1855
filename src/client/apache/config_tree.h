#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::client::apache {

/// A part of a configuration file: a directive, a section with all that is in it, or lines that say
/// nothing (blank ones and comments). Places are offsets into the text of the file, in octets.
struct ConfigNode {
    enum class Kind { silent, directive, section };
    Kind kind = Kind::silent;
    /// With all its lines and their ends; of a section, from its opening line to its closing one.
    std::size_t begin = 0, end = 0;
    /// The line that it begins in; the first is 1.
    std::size_t line = 0;
    /// As it is written: "ServerName", "VirtualHost".
    std::string name{};
    /// What follows the name, lines joined, with its quotes; of a section without the closing ">".
    std::string arguments{};
    /// Where that stands; an empty range behind the name if there is nothing.
    std::size_t arguments_begin = 0, arguments_end = 0;
    /// Of a section: behind its opening line, and before its closing one.
    std::size_t inner_begin = 0, inner_end = 0;
    std::vector<ConfigNode> children{};

    /// Directives are the same whatever the case of their letters.
    [[nodiscard]] bool is_named(std::string_view other) const;
};

/// The words of `arguments`, as httpd takes them apart: parted by blanks, or in quotes of either
/// kind, in which a backslash stands before a quote or a backslash. Variables are left.
[[nodiscard]] std::vector<std::string> split_words(std::string_view arguments);

/// A word as `split_words` reads it back: in double quotes.
[[nodiscard]] std::string quoted_word(std::string_view word);

/// A configuration file of Apache httpd, taken apart as httpd does it (server/config.c), with every
/// octet of it kept: lines that end with a backslash go on, what stands between <X> and </X> is in
/// the section. What a directive means, and whether there is one of that name, is not looked at.
class ConfigTree {
  public:
    static constexpr std::size_t max_text = std::size_t{4} << 20U;  ///< octets
    static constexpr std::size_t max_depth = 100;                   ///< sections in one another
    static constexpr std::size_t max_nodes = 200'000;

    /// An error, with the line, for sections that are not closed, or not as they were opened, and
    /// for what goes beyond the bounds.
    [[nodiscard]] static base::Result<ConfigTree> from_text(std::string text);

    [[nodiscard]] const std::string& text() const { return text_; }
    /// The outermost ones, in order.
    [[nodiscard]] const std::vector<ConfigNode>& nodes() const { return nodes_; }
    /// The text again, put together from the nodes.
    [[nodiscard]] std::string print() const;
    /// "\r\n" if its first line ends so, else "\n".
    [[nodiscard]] std::string_view line_end() const;
    /// The blanks in front of the line that `place` is in.
    [[nodiscard]] std::string_view indent_at(std::size_t place) const;

  private:
    ConfigTree() = default;
    std::string text_;
    std::vector<ConfigNode> nodes_;
};

}  // namespace cairn::client::apache
