#include "base/json_quoted.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

namespace cairn::base {
namespace {

/// The length of the UTF-8 sequence at the front of `text` and the code point in it, or a length
/// of 0 if there is none (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
struct CodePoint {
    std::size_t length;
    char32_t value;
};

CodePoint code_point_at(std::string_view text) {
    const auto lead = static_cast<std::uint8_t>(text.front());
    if (lead < 0x80) return {1, lead};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {0, 0};
    auto value = static_cast<char32_t>(lead & (0xff >> (length + 1)));
    for (const char c : text.substr(1, length - 1)) {
        const auto octet = static_cast<std::uint8_t>(c);
        if ((octet & 0xc0) != 0x80) return {0, 0};
        value = value << 6 | (octet & 0x3f);
    }
    const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (overlong || surrogate || value > 0x10ffff) return {0, 0};
    return {length, value};
}

/// What a terminal obeys, does not show, or takes for a sign to turn the direction of what follows.
bool is_unseen(char32_t value) {
    return value < 0x20 || (value >= 0x7f && value < 0xa0) ||
           (value >= 0x200b && value <= 0x200f) || (value >= 0x2028 && value <= 0x202e) ||
           (value >= 0x2060 && value <= 0x206f) || value == 0xfeff;
}

std::string escaped(char32_t value) {
    return fmt::format("\\u{:04x}", static_cast<unsigned>(value));
}

/// ASCII that needs no escape in JSON or on a terminal.
bool stands_for_itself(char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/// The octet repeated eight times.
constexpr std::uint64_t in_each(std::uint64_t octet) {
    return octet * 0x0101010101010101U;
}

/// Whether none of eight octets needs an escape.
bool stand_for_themselves(std::uint64_t octets) {
    // Subtracting from a smaller octet borrows and sets its high bit.
    const std::uint64_t suspects = octets | (octets + in_each(1)) | (octets - in_each(' ')) |
                                   ((octets ^ in_each('"')) - in_each(1)) |
                                   ((octets ^ in_each('\\')) - in_each(1));
    return (suspects & in_each(0x80)) == 0;
}

/// How many octets at the front of `text` need no escape.
std::size_t plain_length(std::string_view text) {
    std::size_t length = 0;
    for (std::uint64_t octets = 0; text.size() - length >= sizeof octets; length += sizeof octets) {
        std::memcpy(&octets, text.data() + length, sizeof octets);
        if (!stand_for_themselves(octets)) break;
    }
    while (length < text.size() && stands_for_itself(text[length])) ++length;
    return length;
}

}  // namespace

void append_json_quoted(std::string& json, std::string_view text) {
    json += '"';
    for (;;) {
        const auto plain = plain_length(text);
        json += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const CodePoint point = code_point_at(text);
        if (point.length == 0) {
            json += "\xef\xbf\xbd";
        } else if (point.value == '"' || point.value == '\\') {
            json += '\\';
            json += text.front();
        } else if (point.value == '\n') {
            json += "\\n";
        } else if (is_unseen(point.value)) {
            json += escaped(point.value);
        } else {
            json += text.substr(0, point.length);
        }
        text.remove_prefix(std::max<std::size_t>(point.length, 1));
    }
    json += '"';
}

std::string json_quoted(std::string_view text) {
    std::string quoted;
    append_json_quoted(quoted, text);
    return quoted;
}

std::string json_for_terminals(std::string_view json) {
    std::string plain;
    plain.reserve(json.size());
    while (!json.empty()) {
        const CodePoint point = code_point_at(json);
        if (point.length == 0)
            plain += "\xef\xbf\xbd";
        else if (point.value >= 0x7f && is_unseen(point.value))
            plain += escaped(point.value);  // only strings can hold it
        else
            plain += json.substr(0, point.length);
        json.remove_prefix(std::max<std::size_t>(point.length, 1));
    }
    return plain;
}

}  // namespace cairn::base
