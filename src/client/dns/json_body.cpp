#include "client/dns/json_body.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "protocol/json.h"

namespace cairn::client {

boost::json::value json_body(const ProviderHttp& http, const std::string& aim,
                             const http::Reply& reply) {
    // The strict reader takes objects alone.
    const auto whole = "{\"value\":" + reply.body + "}";
    auto object = protocol::parse_json_object(base::bytes_of(whole));
    if (!object || object->size() != 1)
        throw http.failure(aim, fmt::format("status {} with what is not the JSON that it should be",
                                            reply.status));
    return std::move(object->at("value"));
}

const boost::json::value* at_path(const boost::json::value& value, std::string_view path) {
    const auto* place = &value;
    while (!path.empty()) {
        const auto dot = path.find('.');
        const auto step = path.substr(0, dot);
        path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
        if (const auto* object = place->if_object()) {
            place = object->if_contains(step);
        } else if (const auto* array = place->if_array()) {
            std::size_t number = 0;
            const auto [end, error] =
                std::from_chars(step.data(), step.data() + step.size(), number);
            if (error != std::errc() || end != step.data() + step.size()) return nullptr;
            place = number < array->size() ? &(*array)[number] : nullptr;
        } else {
            return nullptr;
        }
        if (place == nullptr) return nullptr;
    }
    return place;
}

std::string text_at(const boost::json::value& value, std::string_view path) {
    const auto* found = at_path(value, path);
    if (found == nullptr) return {};
    if (const auto* text = found->if_string()) return std::string(*text);
    if (const auto* number = found->if_int64()) return std::to_string(*number);
    if (const auto* number = found->if_uint64()) return std::to_string(*number);
    if (const auto* truth = found->if_bool()) return *truth ? "true" : "false";
    return {};
}

std::optional<std::int64_t> whole_number_at(const boost::json::value& value,
                                            std::string_view path) {
    const auto text = text_at(value, path);
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

const boost::json::array& list_at(const boost::json::value& value, std::string_view path) {
    static const boost::json::array none;
    const auto* found = at_path(value, path);
    if (found == nullptr || !found->is_array()) return none;
    return found->get_array();
}

std::string quoted_txt(std::string_view value) {
    constexpr std::size_t longest_string = 255;
    std::string text;
    do {
        if (!text.empty()) text += ' ';
        text += '"';
        for (const char character : value.substr(0, longest_string)) {
            if (character == '"' || character == '\\') text += '\\';
            text += character;
        }
        text += '"';
        value.remove_prefix(std::min(value.size(), longest_string));
    } while (!value.empty());
    return text;
}

std::string unquoted_txt(std::string_view text) {
    if (!text.starts_with('"')) return std::string(text);
    std::string value;
    bool is_inside = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"')
            is_inside = !is_inside;
        else if (is_inside && text[i] == '\\' && i + 1 < text.size())
            value += text[++i];
        else if (is_inside)
            value += text[i];
    }
    return value;
}

}  // namespace cairn::client
