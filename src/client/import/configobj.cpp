#include "client/import/configobj.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::client {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view without_blanks_in_front(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

std::string_view trimmed(std::string_view text) {
    text = without_blanks_in_front(text);
    const auto last = text.find_last_not_of(blanks);
    return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

bool is_quote(char character) {
    return character == '"' || character == '\'';
}

/// True for nothing, and for a comment.
bool is_end(std::string_view text) {
    text = without_blanks_in_front(text);
    return text.empty() || text.front() == '#';
}

class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    base::Result<ConfigSection> run() {
        if (rest_.size() > ConfigSection::max_text) return base::fail("it is too long");
        if (rest_.find('\0') != std::string_view::npos) return base::fail("it is no text");
        ConfigSection root;
        // Where the values of a line belong; the pointers stay, since only the innermost grows.
        std::vector<ConfigSection*> open{&root};
        while (!rest_.empty()) {
            const auto line = next_line();
            if (is_end(line)) continue;
            if (++entries_ > ConfigSection::max_entries) return failure("there are too many");
            if (trimmed(line).front() == '[') {
                if (auto error = begin_section(trimmed(line), open)) return *error;
            } else if (auto error = take_value(line, *open.back())) {
                return *error;
            }
        }
        return root;
    }

  private:
    using Trouble = std::optional<std::unexpected<base::Error>>;

    std::unexpected<base::Error> failure(std::string_view what) const {
        return base::fail(fmt::format("line {}: {}", line_number_, what));
    }

    std::string_view next_line() {
        ++line_number_;
        const auto end = rest_.find('\n');
        const auto line = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return line;
    }

    Trouble begin_section(std::string_view line, std::vector<ConfigSection*>& open) const {
        std::size_t depth = 0;
        while (!line.empty() && line.front() == '[') {
            line = without_blanks_in_front(line.substr(1));
            ++depth;
        }
        std::string name;
        if (!line.empty() && is_quote(line.front())) {
            const auto end = line.find(line.front(), 1);
            if (end == std::string_view::npos) return failure("a quote does not end");
            name = line.substr(1, end - 1);
            line = line.substr(end + 1);
        } else {
            const auto end = std::min(line.find(']'), line.size());
            name = trimmed(line.substr(0, end));
            line = line.substr(end);
        }
        for (std::size_t i = 0; i < depth; ++i) {
            line = without_blanks_in_front(line);
            if (line.empty() || line.front() != ']')
                return failure("the brackets of a section do not match");
            line = line.substr(1);
        }
        if (!is_end(line)) return failure("something stands behind a section's name");
        if (depth > open.size() || depth > ConfigSection::max_depth)
            return failure("a section is too deep");
        open.resize(depth);
        if (open.back()->section(name) != nullptr) return failure("a section stands twice");
        open.back()->sections.push_back({.name = std::move(name), .section = {}});
        open.push_back(&open.back()->sections.back().section);
        return std::nullopt;
    }

    Trouble take_value(std::string_view line, ConfigSection& section) {
        line = without_blanks_in_front(line);
        std::string key;
        if (is_quote(line.front())) {
            const auto end = line.find(line.front(), 1);
            if (end == std::string_view::npos) return failure("a quote does not end");
            key = line.substr(1, end - 1);
            line = without_blanks_in_front(line.substr(end + 1));
            if (line.empty() || line.front() != '=') return failure("there is no = in it");
        } else {
            const auto equals = line.find('=');
            if (equals == std::string_view::npos) return failure("there is no = in it");
            key = trimmed(line.substr(0, equals));
            line = line.substr(equals);
        }
        if (key.empty()) return failure("a key has no name");
        if (section.find(key) != nullptr || section.section(key) != nullptr)
            return failure("a key stands twice");
        auto value = value_of(without_blanks_in_front(line.substr(1)));
        if (!value) return failure(value.error().message);
        section.values.emplace_back(std::move(key), std::move(*value));
        return std::nullopt;
    }

    base::Result<ConfigValue> value_of(std::string_view text) {
        for (const std::string_view quotes : {"\"\"\"", "'''"})
            if (text.starts_with(quotes)) return in_triple_quotes(text.substr(3), quotes);
        ConfigValue value;
        for (;;) {
            text = without_blanks_in_front(text);
            if (is_end(text)) break;
            if (text.front() == ',') {
                // A comma alone is an empty list; two without a word between are none.
                if (value.is_list || !value.words.empty())
                    return base::fail("a list has two commas in a row");
                value.is_list = true;
                text.remove_prefix(1);
                if (!is_end(text)) return base::fail("a list begins with a comma");
                break;
            }
            if (is_quote(text.front())) {
                const auto end = text.find(text.front(), 1);
                if (end == std::string_view::npos) return base::fail("a quote does not end");
                value.words.emplace_back(text.substr(1, end - 1));
                text = without_blanks_in_front(text.substr(end + 1));
            } else {
                const auto end = std::min(text.find_first_of(",#"), text.size());
                value.words.emplace_back(trimmed(text.substr(0, end)));
                text = text.substr(end);
            }
            if (is_end(text)) break;
            if (text.front() != ',') return base::fail("something stands behind a quote");
            value.is_list = true;
            text.remove_prefix(1);
        }
        if (value.words.empty() && !value.is_list) value.words.emplace_back();
        return value;
    }

    base::Result<ConfigValue> in_triple_quotes(std::string_view text, std::string_view quotes) {
        std::string all;
        for (;;) {
            const auto end = text.find(quotes);
            if (end != std::string_view::npos) {
                all += text.substr(0, end);
                if (!is_end(text.substr(end + quotes.size())))
                    return base::fail("something stands behind a quote");
                return ConfigValue{{std::move(all)}, false};
            }
            if (rest_.empty()) return base::fail("a quote does not end");
            all += std::string(text) + "\n";
            text = next_line();
        }
    }

    std::string_view rest_;
    std::size_t line_number_ = 0;
    std::size_t entries_ = 0;
};

}  // namespace

std::string ConfigValue::text() const {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

base::Result<ConfigSection> ConfigSection::from_text(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    return Reader(text).run();
}

const ConfigValue* ConfigSection::find(std::string_view key) const {
    const auto found =
        std::ranges::find_if(values, [&](const auto& entry) { return entry.first == key; });
    return found == values.end() ? nullptr : &found->second;
}

const ConfigSection* ConfigSection::section(std::string_view name) const {
    const auto found = std::ranges::find(sections, name, &NamedConfigSection::name);
    return found == sections.end() ? nullptr : &found->section;
}

std::optional<std::string> ConfigSection::text(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return std::nullopt;
    return value->text();
}

}  // namespace cairn::client
