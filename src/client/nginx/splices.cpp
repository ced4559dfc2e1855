#include "client/nginx/splices.h"

#include <algorithm>

namespace cairn::client::nginx {
namespace {

constexpr std::string_view blanks = " \t";

/// The end of the line that `place` is in, before CR LF or LF.
std::size_t end_of_line(std::string_view text, std::size_t place) {
    const auto end = std::min(text.find('\n', place), text.size());
    return end > place && text[end - 1] == '\r' ? end - 1 : end;
}

/// True if nothing but blanks and a comment is between `place` and the end of the line.
bool is_end_of_directives(std::string_view text, std::size_t place) {
    const auto rest = text.substr(place, end_of_line(text, place) - place);
    const auto first = rest.find_first_not_of(blanks);
    return first == std::string_view::npos || rest[first] == '#';
}

}  // namespace

void Splices::replace(std::size_t place, std::size_t count, std::string replacement) {
    for (const auto& change : changes_)
        if (change.place == place && change.count == count && change.replacement == replacement)
            return;
    changes_.insert(std::ranges::upper_bound(changes_, place, {}, &Change::place),
                    {place, count, std::move(replacement)});
}

void Splices::replace(const Word& word, std::string replacement) {
    if (text_.substr(word.begin, word.end - word.begin) != replacement)
        replace(word.begin, word.end - word.begin, std::move(replacement));
}

void Splices::add_lines(std::size_t place, std::string_view indentation,
                        std::span<const std::string> lines) {
    std::string added;
    if (!is_end_of_directives(text_, place)) {
        for (const auto& line : lines) added += " " + line;
        replace(place, 0, std::move(added));
        return;
    }
    const auto end = end_of_line(text_, place);
    const std::string_view new_line = text_.substr(end, 2) == "\r\n" ? "\r\n" : "\n";
    for (const auto& line : lines) {
        added += new_line;
        added += indentation;
        added += line;
    }
    replace(end, 0, std::move(added));
}

std::string_view Splices::indentation_at(std::size_t place) const {
    const auto line = place == 0 ? 0 : text_.rfind('\n', place - 1) + 1;
    const auto before = text_.substr(line, place - line);
    return before.find_first_not_of(blanks) == std::string_view::npos ? before : std::string_view();
}

void Splices::add_behind(const Directive& directive, std::span<const std::string> lines) {
    add_lines(directive.end, indentation_at(directive.begin), lines);
}

void Splices::add_first(const Directive& block, std::span<const std::string> lines) {
    std::string indentation;
    if (!block.children.empty()) indentation = indentation_at(block.children.front().begin);
    if (indentation.empty()) indentation = std::string(indentation_at(block.begin)) + "    ";
    add_lines(block.open + 1, indentation, lines);
}

void Splices::remove(const Directive& directive) {
    auto begin = directive.begin;
    while (begin > 0 && blanks.contains(text_[begin - 1])) --begin;
    const bool begins_line = begin == 0 || text_[begin - 1] == '\n';
    const auto end = end_of_line(text_, directive.end);
    const bool ends_line =
        text_.substr(directive.end, end - directive.end).find_first_not_of(blanks) ==
        std::string_view::npos;
    if (!begins_line || !ends_line) {
        // Not the blanks before it, if it is the first of its line.
        replace(begins_line ? directive.begin : begin,
                directive.end - (begins_line ? directive.begin : begin), "");
        return;
    }
    const auto next = std::min(text_.find('\n', end), text_.size() - 1) + 1;
    replace(begin, next - begin, "");
}

std::string Splices::result() const {
    std::string text;
    std::size_t at = 0;
    for (const auto& change : changes_) {
        // What is added within something that goes stands in its place.
        const auto place = std::max(change.place, at);
        text += text_.substr(at, place - at);
        text += change.replacement;
        at = std::max(at, change.place + change.count);
    }
    text += text_.substr(at);
    return text;
}

}  // namespace cairn::client::nginx
