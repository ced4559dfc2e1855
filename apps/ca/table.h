#pragma once

#include <string>
#include <vector>

namespace cairn::apps {

/// `text` in one line that a terminal can show: what controls a terminal is written as an escape.
[[nodiscard]] std::string printable_line(const std::string& text);

/// A table for people: columns as wide as their widest cell, which is cut at 60 characters.
class Table {
  public:
    explicit Table(std::vector<std::string> titles);
    /// One cell for each title.
    void add(std::vector<std::string> cells);
    /// The titles and the rows, a line each; "(none)" without rows.
    [[nodiscard]] std::string text() const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace cairn::apps
