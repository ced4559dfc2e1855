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
    std::string text((bytes.size() * 4 + 2) / 3, '\0');
    char* out = text.data();
    const auto put = [&out](std::uint32_t bits, int digits) {
        for (int shift = 18; digits > 0; shift -= 6, --digits)
            *out++ = alphabet[bits >> shift & 0x3f];
    };
    for (; bytes.size() >= 3; bytes = bytes.subspan(3))
        put(std::uint32_t{bytes[0]} << 16 | std::uint32_t{bytes[1]} << 8 | bytes[2], 4);
    if (bytes.size() == 2) put(std::uint32_t{bytes[0]} << 16 | std::uint32_t{bytes[1]} << 8, 3);
    if (bytes.size() == 1) put(std::uint32_t{bytes[0]} << 16, 2);
    return text;
}

Result<Bytes> from_base64url(std::string_view text) {
    const std::size_t rest = text.size() % 4;
    if (rest == 1) return fail("base64url text has an impossible length");
    Bytes bytes(text.size() * 3 / 4);
    std::uint8_t* out = bytes.data();
    std::uint32_t seen = 0;  // the bits of all values; a digit has six at most
    std::size_t at = 0;
    for (; at + 4 <= text.size(); at += 4) {
        const std::uint32_t first = value_of(text[at]);
        const std::uint32_t second = value_of(text[at + 1]);
        const std::uint32_t third = value_of(text[at + 2]);
        const std::uint32_t fourth = value_of(text[at + 3]);
        seen |= first | second | third | fourth;
        const std::uint32_t bits = first << 18 | second << 12 | third << 6 | fourth;
        *out++ = static_cast<std::uint8_t>(bits >> 16);
        *out++ = static_cast<std::uint8_t>(bits >> 8);
        *out++ = static_cast<std::uint8_t>(bits);
    }
    std::uint32_t trailing = 0;
    if (rest != 0) {
        const std::uint32_t first = value_of(text[at]);
        const std::uint32_t second = value_of(text[at + 1]);
        const std::uint32_t third = rest == 3 ? value_of(text[at + 2]) : 0;
        seen |= first | second | third;
        const std::uint32_t bits = first << 18 | second << 12 | third << 6;
        *out++ = static_cast<std::uint8_t>(bits >> 16);
        if (rest == 3) *out++ = static_cast<std::uint8_t>(bits >> 8);
        trailing = bits & (rest == 3 ? 0xffU : 0xffffU);
    }
    if ((seen & ~0x3fU) != 0) {
        return fail(text.find('=') != std::string_view::npos
                        ? "base64url text is padded"
                        : "base64url text has a character outside its alphabet");
    }
    // RFC 4648 section 3.5: one value must not have several spellings.
    if (trailing != 0) return fail("base64url text has trailing bits");
    return bytes;
}

bool is_base64url(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return value_of(c) != no_digit; });
}

}  // namespace cairn::base
