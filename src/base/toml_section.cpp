#include "base/toml_section.h"

#include <algorithm>

#include "base/duration.h"
#include "base/json_quoted.h"
#include "base/nearest_word.h"

namespace cairn::base {
namespace {

// One that is spelled alike, or the same key of another table.
std::optional<std::string> meant_by(const std::string& key, const std::set<std::string>& keys) {
    const std::vector<std::string> known(keys.begin(), keys.end());
    if (auto nearest = nearest_word(key, known)) return nearest;
    const auto name = key.substr(key.rfind('.') + 1);
    const auto elsewhere = std::ranges::find_if(
        known, [&](const std::string& other) { return other.ends_with("." + name); });
    if (elsewhere == known.end()) return std::nullopt;
    return *elsewhere;
}

template <class T>
std::optional<T> exact_value(const toml::node& node) {
    return node.value_exact<T>();
}

template <>
std::optional<std::vector<std::string>> exact_value(const toml::node& node) {
    const auto* array = node.as_array();
    if (array == nullptr) return std::nullopt;
    std::vector<std::string> result;
    for (const auto& element : *array) {
        auto text = element.value_exact<std::string>();
        if (!text) return std::nullopt;
        result.push_back(std::move(*text));
    }
    return result;
}

template <class T>
const char* name_of() {
    if constexpr (std::is_same_v<T, std::string>) return "a string";
    if constexpr (std::is_same_v<T, bool>) return "true or false";
    if constexpr (std::is_same_v<T, std::int64_t>) return "a whole number";
    return "a list of strings";
}

// What the parser says, without what it quotes: a value may hold a password.
std::string describe(const toml::parse_error& error) {
    std::string text;
    bool is_quoted = false;
    for (const char character : error.description()) {
        if (character == '\'') {
            if (!is_quoted) text += "'...'";
            is_quoted = !is_quoted;
        } else if (!is_quoted) {
            text += character;
        }
    }
    return text + " (line " + std::to_string(error.source().begin.line) + ", column " +
           std::to_string(error.source().begin.column) + ")";
}

bool is_dotted_key(std::string_view text) {
    const auto is_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    };
    return !text.empty() && std::ranges::all_of(text, is_part);
}

}  // namespace

void TomlReading::report_unknown() {
    for (const auto& key : unknown) {
        std::string text = printable(key) + " is not a known key";
        if (const auto meant = meant_by(key, keys)) text += "; did you mean " + *meant + "?";
        findings.push_back({std::move(text)});
    }
}

void TomlSection::report_unknown() const {
    if (table_ == nullptr) return;
    for (const auto& [key, value] : *table_) {
        const std::string name(key.str());
        if (!taken_.contains(name)) reading_.unknown.push_back(path_ + name);
    }
}

template <class T>
void TomlSection::take_value(const std::string& key, T& target) {
    const auto* node = node_at(key);
    if (node == nullptr) return;
    if (auto value = exact_value<T>(*node))
        target = std::move(*value);
    else
        find(key, std::string("must be ") + name_of<T>());
}

void TomlSection::take(const std::string& key, std::string& target) {
    take_value(key, target);
}
void TomlSection::take(const std::string& key, bool& target) {
    take_value(key, target);
}
void TomlSection::take(const std::string& key, std::int64_t& target) {
    take_value(key, target);
}
void TomlSection::take(const std::string& key, std::vector<std::string>& target) {
    take_value(key, target);
}

void TomlSection::take_port(const std::string& key, std::uint16_t& target) {
    std::int64_t number = target;
    take(key, number);
    if (number < 1 || number > 65535)
        find(key, "must be a port number");
    else
        target = static_cast<std::uint16_t>(number);
}

void TomlSection::take_duration(const std::string& key, Seconds& target) {
    std::string text;
    take(key, text);
    if (text.empty()) return;
    if (auto duration = duration_from(text))
        target = *duration;
    else
        find(key, duration.error().message);
}

void TomlSection::take_limit(const std::string& key, std::optional<Seconds>& target) {
    std::string text;
    take(key, text);
    if (text.empty()) return;
    if (text == "never")
        target.reset();
    else if (const auto duration = duration_from(text))
        target = *duration;
    else
        find(key, duration.error().message + ", or \"never\"");
}

void TomlSection::take_count(const std::string& key, std::size_t& target, std::int64_t least,
                             std::int64_t most) {
    auto number = static_cast<std::int64_t>(target);
    take(key, number);
    if (number < least || number > most)
        find(key, "must be from " + std::to_string(least) + " to " + std::to_string(most));
    else
        target = static_cast<std::size_t>(number);
}

void TomlSection::take_networks(const std::string& key, std::vector<IpNetwork>& target) {
    std::vector<std::string> texts;
    take(key, texts);
    for (const auto& text : texts) {
        if (auto network = IpNetwork::from_text(text))
            target.push_back(*network);
        else
            find(key, "\"" + text + "\": " + network.error().message);
    }
}

TomlSection TomlSection::section(const std::string& key) {
    const auto* node = node_at(key);
    const auto* table = node == nullptr ? nullptr : node->as_table();
    if (node != nullptr && table == nullptr) find(key, "must be a table");
    return {table, path_ + key + ".", reading_};
}

TomlSection TomlSection::section_of(const toml::table& table, const std::string& key) {
    return {&table, path_ + key + ".", reading_};
}

bool TomlSection::is_false(const std::string& key) {
    const auto* node = node_at(key);
    return node != nullptr && node->value_exact<bool>() == false;
}

std::vector<std::string> TomlSection::keys() const {
    std::vector<std::string> result;
    if (table_ != nullptr)
        for (const auto& [key, value] : *table_) result.emplace_back(key.str());
    return result;
}

void TomlSection::find(const std::string& key, const std::string& what) const {
    reading_.findings.push_back({path_ + key + " " + what});
}

const toml::node* TomlSection::node_at(const std::string& key) {
    taken_.insert(key);
    reading_.keys.insert(path_ + key);
    return table_ == nullptr ? nullptr : table_->get(key);
}

Result<toml::table> parse_toml(const std::string& text) {
    try {
        return toml::parse(text);
    } catch (const toml::parse_error& error) {
        return fail("not TOML: " + describe(error));
    }
}

void apply_override(toml::table& root, const std::string& text, TomlReading& reading) {
    auto& findings = reading.findings;
    const auto equals = text.find('=');
    const std::string key = text.substr(0, equals);
    if (!is_dotted_key(key)) {
        findings.push_back({"--set: wants KEY=VALUE, a dotted key before the first ="});
        return;
    }
    if (equals == std::string::npos) {
        findings.push_back({"--set " + key + ": wants KEY=VALUE"});
        return;
    }
    toml::table parsed;
    try {
        parsed = toml::parse("value = " + text.substr(equals + 1));
    } catch (const toml::parse_error&) {
        findings.push_back({"--set " + key + ": the value is not TOML (strings need quotes)"});
        return;
    }
    if (parsed.size() != 1) {
        findings.push_back({"--set " + key + ": the value is more than one value"});
        return;
    }
    toml::table* table = &root;
    std::size_t from = 0;
    for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.', from)) {
        const std::string name = key.substr(from, dot - from);
        auto* node = table->get(name);
        if (node == nullptr) {
            table->insert(name, toml::table{});
            node = table->get(name);
        }
        if (node->as_table() == nullptr) {
            findings.push_back({"--set " + key + ": " + name + " is no table"});
            return;
        }
        table = node->as_table();
        from = dot + 1;
    }
    table->insert_or_assign(key.substr(from), std::move(*parsed.get("value")));
}

}  // namespace cairn::base
