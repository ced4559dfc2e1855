#pragma once
// Private to client: texts with {placeholders}, the only thing in a recipe that moves.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

namespace cairn::client {

/// Texts with {placeholders}, by name.
using Templates = std::vector<std::pair<std::string, std::string>>;
using TemplateValues = std::map<std::string, std::string, std::less<>>;
/// What fills the placeholder of this name.
using ValueOf = std::function<std::string(std::string_view name)>;

/// Whether the name of a placeholder may have this character.
[[nodiscard]] bool is_of_placeholder(char character);
/// The names of the placeholders in `text`, in order.
[[nodiscard]] std::vector<std::string> placeholders_of(std::string_view text);

/// How placeholders are escaped.
enum class TemplateUse { path, text };
/// `text` with its placeholders filled.
[[nodiscard]] std::string filled(std::string_view text, const ValueOf& value_of, TemplateUse use);
/// The same for the strings of a JSON value; `all` are the values of a record set. What is to be a
/// number and is none stays a string.
[[nodiscard]] boost::json::value filled(const boost::json::value& json, const ValueOf& value_of,
                                        const std::vector<std::string>& all);
/// The value of `name` in `values`. Throws std::logic_error for one that is not known, which no
/// recipe that was read has.
[[nodiscard]] ValueOf value_in(const TemplateValues& values);

}  // namespace cairn::client
