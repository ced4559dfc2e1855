#pragma once

#include <string>
#include <string_view>

namespace cairn::net {

/// Lower case for the letters A to Z alone, whatever the locale: host names (RFC 4343) and HTTP
/// field names (RFC 9110 section 5.1) are compared so.
[[nodiscard]] constexpr char ascii_lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                : character;
}
[[nodiscard]] inline std::string ascii_lower(std::string_view text) {
    std::string lower(text);
    for (char& character : lower) character = ascii_lower(character);
    return lower;
}
[[nodiscard]] constexpr bool same_ignoring_case(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    for (std::size_t index = 0; index < left.size(); ++index) {
        if (ascii_lower(left[index]) != ascii_lower(right[index])) return false;
    }
    return true;
}
[[nodiscard]] constexpr bool is_ascii_digit(char character) {
    return character >= '0' && character <= '9';
}
[[nodiscard]] constexpr bool is_ascii_letter(char character) {
    return ascii_lower(character) >= 'a' && ascii_lower(character) <= 'z';
}

}  // namespace cairn::net
