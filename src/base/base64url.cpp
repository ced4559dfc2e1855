#include "base/base64url.h"

#include <algorithm>
#include <array>

namespace cairn::base {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> digit_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}();

std::uint8_t value_of(char c) {
    return digit_values[static_cast<std::uint8_t>(c)];
}

}  // namespace

std::string base64url(BytesView bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    int count = 0;  // of the low bits of `bits` that are not written yet
    for (const std::uint8_t octet : bytes) {
        bits = bits << 8 | octet;
        for (count += 8; count >= 6; count -= 6) text += alphabet[bits >> (count - 6) & 0x3f];
    }
    if (count > 0) text += alphabet[bits << (6 - count) & 0x3f];
    return text;
}

Result<Bytes> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return fail("base64url text has an impossible length");
    Bytes bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::uint8_t value = value_of(c);
        if (value == no_digit) {
            return fail(c == '=' ? "base64url text is padded"
                                 : "base64url text has a character outside its alphabet");
        }
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<std::uint8_t>(bits >> count));
        }
    }
    // RFC 4648 section 3.5: one value must not have several spellings.
    if ((bits & ((1U << count) - 1)) != 0) return fail("base64url text has trailing bits");
    return bytes;
}

bool is_base64url(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return value_of(c) != no_digit; });
}

}  // namespace cairn::base
