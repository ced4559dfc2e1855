#pragma once

#include <string>
#include <string_view>

namespace cairn::base {

/// Appends `text` to `json` as a JSON string (RFC 8259 section 7), quotes included. Octets that are
/// not UTF-8 become U+FFFD; control characters are escaped, those of C1 too, and what cannot be
/// seen or turns the direction of a line.
void append_json_quoted(std::string& json, std::string_view text);
/// `text` as a JSON string, in the same way.
[[nodiscard]] std::string json_quoted(std::string_view text);
/// The same JSON as `json`, with everything in its strings escaped that `json_quoted` escapes: some
/// writers leave what a terminal obeys as it is.
[[nodiscard]] std::string json_for_terminals(std::string_view json);

}  // namespace cairn::base
