#include "client/dns/recipe_template.h"

#include <charconv>
#include <cstdint>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "client/dns/json_body.h"
#include "client/dns/query_text.h"

namespace cairn::client {
namespace {

/// Calls `take` for each stretch of plain text, and `fill` for each placeholder's name.
template <class Take, class Fill>
void split(std::string_view text, const Take& take, const Fill& fill) {
    while (!text.empty()) {
        const auto start = text.find('{');
        take(text.substr(0, start));
        if (start == std::string_view::npos) return;
        std::size_t end = start + 1;
        while (end < text.size() && is_of_placeholder(text[end])) ++end;
        const bool is_placeholder = end < text.size() && text[end] == '}' && end > start + 1;
        if (is_placeholder)
            fill(text.substr(start + 1, end - start - 1));
        else
            take(text.substr(start, 1));
        text.remove_prefix(is_placeholder ? end + 1 : start + 1);
    }
}

boost::json::value number_or_text(std::string text) {
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && stop == end) return number;
    return boost::json::value(std::move(text));
}

}  // namespace

bool is_of_placeholder(char character) {
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
           character == '_';
}

std::vector<std::string> placeholders_of(std::string_view text) {
    std::vector<std::string> names;
    split(text, [](std::string_view) {}, [&](std::string_view name) { names.emplace_back(name); });
    return names;
}

std::string filled(std::string_view text, const ValueOf& value_of, TemplateUse use) {
    std::string result;
    split(
        text, [&](std::string_view plain) { result += plain; },
        [&](std::string_view name) {
            const auto value = value_of(name);
            result += use == TemplateUse::path ? percent_encoded(value) : value;
        });
    return result;
}

boost::json::value filled(const boost::json::value& json, const ValueOf& value_of,
                          const std::vector<std::string>& all) {
    if (const auto* text = json.if_string())
        return boost::json::value(filled(std::string_view(*text), value_of, TemplateUse::text));
    if (const auto* array = json.if_array()) {
        boost::json::array result;
        for (const auto& element : *array) result.push_back(filled(element, value_of, all));
        return result;
    }
    const auto* object = json.if_object();
    if (object == nullptr) return json;
    if (object->size() == 1 && object->contains("each")) {
        boost::json::array result;
        for (const auto& value : all)
            result.push_back(filled(
                object->at("each"),
                [&](std::string_view name) {
                    if (name == "value") return value;
                    if (name == "quoted_value") return quoted_txt(value);
                    return value_of(name);
                },
                all));
        return result;
    }
    if (object->size() == 1 && object->contains("number") && object->at("number").is_string())
        return number_or_text(filled(std::string_view(object->at("number").get_string()), value_of,
                                     TemplateUse::text));
    boost::json::object result;
    for (const auto& member : *object) result[member.key()] = filled(member.value(), value_of, all);
    return result;
}

ValueOf value_in(const TemplateValues& values) {
    return [&values](std::string_view name) {
        const auto found = values.find(name);
        if (found == values.end()) throw std::logic_error("a placeholder that is not known");
        return found->second;
    };
}

}  // namespace cairn::client
