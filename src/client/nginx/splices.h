#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/nginx/syntax_tree.h"

namespace cairn::client::nginx {

/// Changes of the text of one file. Whatever is not in the place of a change stays octet for octet.
class Splices {
  public:
    /// `text` must outlive it.
    explicit Splices(std::string_view text) : text_(text) {}

    /// Puts `replacement` in the place of `count` octets from `place` on. Of two with one place and
    /// one replacement, the second is left out; of two that add at one place, the first stands
    /// first.
    void replace(std::size_t place, std::size_t count, std::string replacement);
    /// Replaces a word.
    void replace(const Word& word, std::string replacement);
    /// Adds directives behind what ends at `place`: on lines of their own behind the end of its
    /// line, if only a comment follows there, with `indentation`; otherwise right there.
    void add_lines(std::size_t place, std::string_view indentation,
                   std::span<const std::string> lines);
    /// Adds directives behind another, with its indentation.
    void add_behind(const Directive& directive, std::span<const std::string> lines);
    /// Adds directives at the beginning of a block, with the indentation of what stands in it.
    void add_first(const Directive& block, std::span<const std::string> lines);
    /// Takes a directive away, and its line if nothing else is on it.
    void remove(const Directive& directive);

    [[nodiscard]] bool is_empty() const { return changes_.empty(); }
    /// The text with all changes.
    [[nodiscard]] std::string result() const;

    /// What stands before `place` in its line, if that is nothing but blanks; else empty.
    [[nodiscard]] std::string_view indentation_at(std::size_t place) const;

  private:
    struct Change {
        std::size_t place, count;
        std::string replacement;
    };
    std::string_view text_;
    /// In the order of their places.
    std::vector<Change> changes_;
};

}  // namespace cairn::client::nginx
