#include "client/deploy/text_diff.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

namespace cairn::client {
namespace {

/// Lines around each change.
constexpr std::size_t context = 3;
/// More lines that come or go are not searched for the shortest difference: its cost grows with
/// their square.
constexpr std::ptrdiff_t max_distance = 1000;

enum class Step : char { keep = ' ', remove = '-', add = '+' };

/// The lines of a text, each with its new line.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto length = end == std::string_view::npos ? text.size() : end + 1;
        lines.push_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    return lines;
}

using Lines = std::vector<std::string_view>;
using Steps = std::vector<Step>;

/// From the first to the second by Myers' algorithm ("An O(ND) Difference Algorithm", 1986).
Steps shortest_steps(const Lines& before, const Lines& after) {
    const auto n = static_cast<std::ptrdiff_t>(before.size());
    const auto m = static_cast<std::ptrdiff_t>(after.size());
    const auto limit = std::min(n + m, max_distance);
    // For each distance, how far each diagonal -distance..distance gets in `before`.
    std::vector<std::vector<std::ptrdiff_t>> reach;
    const auto start_of = [&](std::ptrdiff_t distance, std::ptrdiff_t diagonal) {
        const auto& former = reach[static_cast<std::size_t>(distance - 1)];
        const auto at = [&](std::ptrdiff_t k) {
            return former[static_cast<std::size_t>(k + distance - 1)];
        };
        const bool is_down =
            diagonal == -distance || (diagonal != distance && at(diagonal - 1) < at(diagonal + 1));
        return std::pair(is_down, is_down ? at(diagonal + 1) : at(diagonal - 1) + 1);
    };
    for (std::ptrdiff_t distance = 0; distance <= limit; ++distance) {
        std::vector<std::ptrdiff_t> row(static_cast<std::size_t>(2 * distance + 1), -1);
        for (std::ptrdiff_t k = -distance; k <= distance; k += 2) {
            auto x = distance == 0 ? 0 : start_of(distance, k).second;
            while (x < n && x - k >= 0 && x - k < m &&
                   before[static_cast<std::size_t>(x)] == after[static_cast<std::size_t>(x - k)])
                ++x;
            row[static_cast<std::size_t>(k + distance)] = x;
        }
        reach.push_back(std::move(row));
        const auto last = n - m;
        if (last < -distance || last > distance || (last - distance) % 2 != 0 ||
            reach.back()[static_cast<std::size_t>(last + distance)] < n)
            continue;
        // Back along the way that was found.
        Steps steps;
        auto x = n;
        auto y = m;
        for (auto left = distance; left > 0; --left) {
            const auto k = x - y;
            const auto [is_down, start] = start_of(left, k);
            for (; x > start; --x, --y) steps.push_back(Step::keep);
            steps.push_back(is_down ? Step::add : Step::remove);
            if (is_down)
                --y;
            else
                --x;
        }
        for (; x > 0; --x) steps.push_back(Step::keep);
        std::ranges::reverse(steps);
        return steps;
    }
    Steps replaced(before.size(), Step::remove);
    replaced.insert(replaced.end(), after.size(), Step::add);
    return replaced;
}

Steps steps_between(const Lines& before, const Lines& after) {
    const auto shorter = std::min(before.size(), after.size());
    std::size_t head = 0;
    while (head < shorter && before[head] == after[head]) ++head;
    std::size_t tail = 0;
    while (tail < shorter - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
        ++tail;
    const auto middle_of = [&](const Lines& lines) {
        return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head),
                     lines.end() - static_cast<std::ptrdiff_t>(tail));
    };
    Steps steps(head, Step::keep);
    const auto middle = shortest_steps(middle_of(before), middle_of(after));
    steps.insert(steps.end(), middle.begin(), middle.end());
    steps.insert(steps.end(), tail, Step::keep);
    return steps;
}

/// "3" or "3,2": where a hunk begins, counted from 1, and how long it is.
std::string range_of(std::size_t first, std::size_t count) {
    // Of nothing, the line before it.
    const auto shown = count == 0 ? first : first + 1;
    return count == 1 ? fmt::format("{}", shown) : fmt::format("{},{}", shown, count);
}

void append_line(std::string& text, Step step, std::string_view line) {
    text += static_cast<char>(step);
    text += line;
    if (!line.ends_with('\n')) text += "\n\\ No newline at end of file\n";
}

/// Lines of a base that are replaced: `count` from `first` on.
struct Change {
    std::size_t first = 0;
    std::size_t count = 0;
    Lines lines{};
    friend bool operator==(const Change&, const Change&) = default;
};

std::vector<Change> changes_between(const Lines& base, const Lines& other) {
    std::vector<Change> changes;
    std::size_t from = 0;
    std::size_t to = 0;
    bool is_open = false;
    for (const auto step : steps_between(base, other)) {
        if (step != Step::keep && !is_open) changes.push_back({from});
        is_open = step != Step::keep;
        if (step == Step::remove) ++changes.back().count;
        if (step == Step::add) changes.back().lines.push_back(other[to]);
        if (step != Step::add) ++from;
        if (step != Step::remove) ++to;
    }
    return changes;
}

/// True if it is not certain how both are to be made: they touch the same lines, or add at one
/// place.
bool meet(const Change& one, const Change& other) {
    if (one.first == other.first) return true;
    const auto& former = one.first < other.first ? one : other;
    const auto& latter = one.first < other.first ? other : one;
    return former.first + former.count > latter.first;
}

}  // namespace

std::string unified_diff(const TextVersions& versions) {
    const auto before = lines_of(versions.before);
    const auto after = lines_of(versions.after);
    const auto steps = steps_between(before, after);
    std::string text;
    std::size_t old_line = 0;
    std::size_t new_line = 0;
    std::size_t at = 0;
    while (at < steps.size()) {
        // The next change.
        auto change = at;
        while (change < steps.size() && steps[change] == Step::keep) ++change;
        if (change == steps.size()) break;
        const auto first = std::max(at, change - std::min(change, context));
        old_line += first - at;
        new_line += first - at;
        // Changes with few lines between them share a hunk.
        auto end = change;
        for (auto next = change; next < steps.size() && next - end <= 2 * context; ++next)
            if (steps[next] != Step::keep) end = next + 1;
        end = std::min(end + context, steps.size());

        std::string body;
        auto old_end = old_line;
        auto new_end = new_line;
        for (auto i = first; i < end; ++i) {
            append_line(body, steps[i], steps[i] == Step::add ? after[new_end] : before[old_end]);
            if (steps[i] != Step::add) ++old_end;
            if (steps[i] != Step::remove) ++new_end;
        }
        if (text.empty())
            text = fmt::format("--- {}\n+++ {}\n", versions.before_name, versions.after_name);
        text += fmt::format("@@ -{} +{} @@\n{}", range_of(old_line, old_end - old_line),
                            range_of(new_line, new_end - new_line), body);
        old_line = old_end;
        new_line = new_end;
        at = end;
    }
    return text;
}

std::optional<std::string> merged_texts(std::string_view base, std::string_view one,
                                        std::string_view other) {
    const auto lines = lines_of(base);
    const auto first = changes_between(lines, lines_of(one));
    auto all = changes_between(lines, lines_of(other));
    for (const auto& change : first) {
        // What both have done is done once.
        if (std::ranges::find(all, change) != all.end()) continue;
        for (const auto& another : all)
            if (meet(change, another)) return std::nullopt;
        all.insert(std::ranges::upper_bound(all, change.first, {}, &Change::first), change);
    }
    std::string text;
    std::size_t at = 0;
    for (const auto& change : all) {
        for (; at < change.first; ++at) text += lines[at];
        for (const auto line : change.lines) text += line;
        at += change.count;
    }
    for (; at < lines.size(); ++at) text += lines[at];
    return text;
}

}  // namespace cairn::client
