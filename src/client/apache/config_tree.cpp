#include "client/apache/config_tree.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "net/ascii.h"

namespace cairn::client::apache {
namespace {

/// What the C library's isspace says in the locale "C".
bool is_blank(char character) {
    return character == ' ' || (character >= '\t' && character <= '\r');
}

/// A line as httpd sees it (ap_cfg_getline): physical lines joined, without blanks around it.
struct LogicalLine {
    std::string text;
    /// Behind its last end of line.
    std::size_t end = 0;
    std::size_t lines = 0;
    /// Where pieces of `text` come from: offset in it, offset in the file.
    std::vector<std::pair<std::size_t, std::size_t>> pieces;

    [[nodiscard]] std::size_t place_of(std::size_t offset) const {
        std::size_t place = 0;
        for (const auto& [logical, physical] : pieces) {
            if (logical > offset) break;
            place = physical + (offset - logical);
        }
        return place;
    }
};

/// Reads one line from `begin`, which is not the end of `text`.
LogicalLine read_line(std::string_view text, std::size_t begin) {
    LogicalLine line;
    std::size_t at = begin;
    for (bool is_continued = true; is_continued && at < text.size();) {
        const auto feed = text.find('\n', at);
        line.end = feed == std::string_view::npos ? text.size() : feed + 1;
        ++line.lines;
        auto piece = text.substr(at, line.end - at);
        is_continued = false;
        if (feed != std::string_view::npos) {
            auto content = piece.substr(0, piece.size() - 1);
            if (content.ends_with('\r')) content.remove_suffix(1);
            is_continued = content.ends_with('\\');
            if (is_continued) piece = content.substr(0, content.size() - 1);
        }
        line.pieces.emplace_back(line.text.size(), at);
        line.text += piece;
        at = line.end;
    }
    while (!line.text.empty() && is_blank(line.text.back())) line.text.pop_back();
    std::size_t lead = 0;
    while (lead < line.text.size() && is_blank(line.text[lead])) ++lead;
    if (lead == 0) return line;
    std::vector<std::pair<std::size_t, std::size_t>> pieces = {{0, line.place_of(lead)}};
    for (const auto& [logical, physical] : line.pieces)
        if (logical > lead) pieces.emplace_back(logical - lead, physical);
    line.pieces = std::move(pieces);
    line.text.erase(0, lead);
    return line;
}

/// One word from `at` (ap_getword_conf), which is moved behind it and the blanks that follow.
std::string take_word(std::string_view text, std::size_t& at) {
    while (at < text.size() && is_blank(text[at])) ++at;
    std::string word;
    if (at == text.size()) return word;
    const char quote = text[at] == '"' || text[at] == '\'' ? text[at] : '\0';
    if (quote != '\0') ++at;
    while (at < text.size() && (quote != '\0' ? text[at] != quote : !is_blank(text[at]))) {
        const bool escapes = text[at] == '\\' && at + 1 < text.size() &&
                             (text[at + 1] == '\\' || (quote != '\0' && text[at + 1] == quote));
        if (escapes) ++at;
        word += text[at++];
    }
    if (quote != '\0' && at < text.size()) ++at;
    while (at < text.size() && is_blank(text[at])) ++at;
    return word;
}

base::Error at_line(std::size_t line, std::string_view what) {
    return {fmt::format("line {}: {}", line, what)};
}

/// Puts nodes into one another as lines come.
class Builder {
  public:
    std::optional<base::Error> add(const LogicalLine& line, std::size_t begin, std::size_t number) {
        if (++count_ > ConfigTree::max_nodes)
            return at_line(number, fmt::format("more than {} lines", ConfigTree::max_nodes));
        ConfigNode node{.begin = begin, .end = line.end, .line = number};
        if (line.text.empty() || line.text.front() == '#') {
            append(std::move(node));
            return std::nullopt;
        }
        std::size_t at = 0;
        node.name = take_word(line.text, at);
        node.arguments = line.text.substr(at);
        node.arguments_begin = line.place_of(at);
        if (node.name.starts_with("</")) return close(line, std::move(node));
        if (node.name.starts_with('<')) return open(line, at, std::move(node));
        node.kind = ConfigNode::Kind::directive;
        // The place behind the last octet: that of the octet, and one more.
        node.arguments_end =
            node.arguments.empty() ? node.arguments_begin : line.place_of(line.text.size() - 1) + 1;
        append(std::move(node));
        return std::nullopt;
    }

    base::Result<std::vector<ConfigNode>> finish() {
        if (!open_.empty())
            return std::unexpected(at_line(
                open_.back().line,
                fmt::format("<{}> is not closed by </{}>", base::printable(open_.back().name, 60),
                            base::printable(open_.back().name, 60))));
        return std::move(nodes_);
    }

  private:
    void append(ConfigNode node) {
        (open_.empty() ? nodes_ : open_.back().children).push_back(std::move(node));
    }

    std::optional<base::Error> open(const LogicalLine& line, std::size_t at, ConfigNode node) {
        node.kind = ConfigNode::Kind::section;
        node.name.erase(0, 1);
        if (node.name.empty()) return at_line(node.line, "\"<\" without the name of a section");
        if (node.arguments.empty() && node.name.ends_with('>')) {
            node.name.pop_back();
            node.arguments_begin = line.place_of(line.text.size() - 1);
            node.arguments_end = node.arguments_begin;
        } else {
            const auto bracket = node.arguments.rfind('>');
            if (bracket == std::string::npos)
                return at_line(node.line, fmt::format("<{} has no \">\" at its end",
                                                      base::printable(node.name, 60)));
            node.arguments.resize(bracket);
            node.arguments_end = line.place_of(at + bracket);
        }
        node.inner_begin = line.end;
        if (open_.size() == ConfigTree::max_depth)
            return at_line(node.line,
                           fmt::format("more than {} sections in one another", open_.size()));
        open_.push_back(std::move(node));
        return std::nullopt;
    }

    std::optional<base::Error> close(const LogicalLine& line, ConfigNode node) {
        const auto shown = base::printable(node.name, 60);
        if (!line.text.ends_with('>'))
            return at_line(node.line, fmt::format("{} has no \">\" at its end", shown));
        auto name = node.name.substr(2);
        if (name.ends_with('>')) name.pop_back();
        if (open_.empty())
            return at_line(node.line, fmt::format("{} closes nothing that is open", shown));
        auto& section = open_.back();
        if (!net::same_ignoring_case(section.name, name))
            return at_line(node.line, fmt::format("{} where </{}> belongs, for line {}", shown,
                                                  base::printable(section.name, 60), section.line));
        section.inner_end = node.begin;
        section.end = node.end;
        auto whole = std::move(section);
        open_.pop_back();
        append(std::move(whole));
        return std::nullopt;
    }

    std::size_t count_ = 0;
    std::vector<ConfigNode> nodes_, open_;
};

void print_into(std::string& out, std::string_view text, const std::vector<ConfigNode>& nodes) {
    for (const auto& node : nodes) {
        if (node.kind != ConfigNode::Kind::section) {
            out += text.substr(node.begin, node.end - node.begin);
            continue;
        }
        out += text.substr(node.begin, node.inner_begin - node.begin);
        print_into(out, text, node.children);
        out += text.substr(node.inner_end, node.end - node.inner_end);
    }
}

}  // namespace

bool ConfigNode::is_named(std::string_view other) const {
    return net::same_ignoring_case(name, other);
}

std::vector<std::string> split_words(std::string_view arguments) {
    std::vector<std::string> words;
    std::size_t at = 0;
    while (at < arguments.size() && is_blank(arguments[at])) ++at;
    while (at < arguments.size()) words.push_back(take_word(arguments, at));
    return words;
}

std::string quoted_word(std::string_view word) {
    std::string quoted = "\"";
    for (const char character : word) {
        if (character == '"' || character == '\\') quoted += '\\';
        quoted += character;
    }
    return quoted + '"';
}

base::Result<ConfigTree> ConfigTree::from_text(std::string text) {
    if (text.size() > max_text)
        return base::fail(fmt::format("it is larger than {} MiB", max_text >> 20U));
    ConfigTree tree;
    tree.text_ = std::move(text);
    if (const auto nul = tree.text_.find('\0'); nul != std::string::npos)
        return std::unexpected(
            at_line(1 + static_cast<std::size_t>(std::count(
                            tree.text_.begin(),
                            tree.text_.begin() + static_cast<std::ptrdiff_t>(nul), '\n')),
                    "an octet that is zero"));
    Builder builder;
    std::size_t number = 1;
    for (std::size_t begin = 0; begin < tree.text_.size();) {
        const auto line = read_line(tree.text_, begin);
        if (auto error = builder.add(line, begin, number))
            return std::unexpected(std::move(*error));
        begin = line.end;
        number += line.lines;
    }
    auto nodes = builder.finish();
    if (!nodes) return std::unexpected(std::move(nodes.error()));
    tree.nodes_ = std::move(*nodes);
    return tree;
}

std::string ConfigTree::print() const {
    std::string out;
    out.reserve(text_.size());
    print_into(out, text_, nodes_);
    return out;
}

std::string_view ConfigTree::line_end() const {
    const auto feed = text_.find('\n');
    return feed != std::string::npos && feed > 0 && text_[feed - 1] == '\r' ? "\r\n" : "\n";
}

std::string_view ConfigTree::indent_at(std::size_t place) const {
    const auto feed = place == 0 ? std::string::npos : text_.rfind('\n', place - 1);
    const auto begin = feed == std::string::npos ? 0 : feed + 1;
    auto end = begin;
    while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t')) ++end;
    return std::string_view(text_).substr(begin, end - begin);
}

}  // namespace cairn::client::apache
