#include "crypto/integer_pair.h"

#include <algorithm>

namespace cairn::crypto {
namespace {

constexpr std::uint8_t integer_tag = 0x02;
constexpr std::uint8_t sequence_tag = 0x30;

/// A leading bit would make it negative.
bool needs_zero(base::BytesView number) {
    return number.empty() || number.front() >= 0x80;
}

std::size_t header_size(std::size_t length) {
    return length < 0x80 ? 2 : length < 0x100 ? 3 : 4;
}

std::size_t content_size(base::BytesView number) {
    return number.size() + (needs_zero(number) ? 1 : 0);
}

void append_integer(base::Bytes& der, base::BytesView number) {
    append_header(der, integer_tag, content_size(number));
    if (needs_zero(number)) der.push_back(0);
    der.insert(der.end(), number.begin(), number.end());
}

}  // namespace

base::BytesView without_leading_zeros(base::BytesView number) {
    const auto first = std::ranges::find_if(number, [](std::uint8_t octet) { return octet != 0; });
    return {first, number.end()};
}

void append_header(base::Bytes& der, std::uint8_t tag, std::size_t length) {
    der.push_back(tag);
    if (length >= 0x100) {
        der.push_back(0x82);
        der.push_back(static_cast<std::uint8_t>(length >> 8));
    } else if (length >= 0x80) {
        der.push_back(0x81);
    }
    der.push_back(static_cast<std::uint8_t>(length));
}

std::optional<base::BytesView> take_element(base::BytesView& der, std::uint8_t tag) {
    if (der.size() < 2 || der[0] != tag) return std::nullopt;
    std::size_t length = der[1];
    std::size_t header = 2;
    if (length == 0x81 && der.size() >= 3) {
        length = der[2];
        header = 3;
    } else if (length == 0x82 && der.size() >= 4) {
        length = static_cast<std::size_t>(der[2] << 8 | der[3]);
        header = 4;
    } else if (length >= 0x80) {
        return std::nullopt;
    }
    if (der.size() - header < length) return std::nullopt;
    const auto content = der.subspan(header, length);
    der = der.subspan(header + length);
    return content;
}

base::Bytes to_der(const IntegerPair& pair) {
    const auto first = without_leading_zeros(pair.first);
    const auto second = without_leading_zeros(pair.second);
    const std::size_t size = header_size(content_size(first)) + content_size(first) +
                             header_size(content_size(second)) + content_size(second);
    base::Bytes der;
    der.reserve(header_size(size) + size);
    append_header(der, sequence_tag, size);
    append_integer(der, first);
    append_integer(der, second);
    return der;
}

std::optional<IntegerPair> integer_pair_from_der(base::BytesView der) {
    base::BytesView rest = der;
    auto sequence = take_element(rest, sequence_tag);
    if (!sequence) return std::nullopt;
    const auto first = take_element(*sequence, integer_tag);
    if (!first) return std::nullopt;
    const auto second = take_element(*sequence, integer_tag);
    if (!second) return std::nullopt;
    const IntegerPair pair{without_leading_zeros(*first), without_leading_zeros(*second)};
    // One encoding for one value, and nothing negative: it must come out as it went in.
    if (!std::ranges::equal(to_der(pair), der)) return std::nullopt;
    return pair;
}

}  // namespace cairn::crypto
