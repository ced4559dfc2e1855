#include "apps/ca/table.h"

#include <algorithm>

#include "base/result.h"

namespace cairn::apps {

namespace {

constexpr std::size_t widest = 60;

std::string cell_of(const std::string& text) {
    auto cell = printable_line(text);
    if (cell.size() > widest) {
        cell.resize(widest - 3);
        cell += "...";
    }
    return cell;
}

}  // namespace

std::string printable_line(const std::string& text) {
    return base::printable(text);
}

Table::Table(std::vector<std::string> titles) {
    for (auto& title : titles)
        for (char& character : title)
            if (character >= 'a' && character <= 'z') character -= 'a' - 'A';
    rows_.push_back(std::move(titles));
}

void Table::add(std::vector<std::string> cells) {
    for (auto& cell : cells) cell = cell_of(cell);
    rows_.push_back(std::move(cells));
}

std::string Table::text() const {
    if (rows_.size() == 1) return "(none)\n";
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

}  // namespace cairn::apps
