#include "pki/serial_number.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cairn::pki {
namespace {

// RFC 5280 section 4.1.2.2 allows 20, but asks readers to accept others: mod_md fills 20 octets at
// random, so every other of its challenge certificates has 21.
constexpr std::size_t max_octets = 32;
constexpr std::size_t random_octets = 16;
/// Four of them the time, as 32 bits; they last until 2106.
constexpr std::size_t dated_octets = 16;

/// The content of the DER INTEGER for a positive number in big-endian octets; empty for zero.
base::Bytes positive_content(base::BytesView number) {
    const auto first = std::ranges::find_if(number, [](std::uint8_t octet) { return octet != 0; });
    base::Bytes content(first, number.end());
    if (!content.empty() && content[0] >= 0x80) content.insert(content.begin(), 0x00);
    return content;
}

}  // namespace

SerialNumber SerialNumber::random(crypto::Random& random) {
    base::Bytes content;
    while (content.empty()) {
        std::array<std::uint8_t, random_octets> number;
        random.fill(number);
        content = positive_content(number);
    }
    return SerialNumber(std::move(content));
}

SerialNumber SerialNumber::dated(base::Time now, crypto::Random& random) {
    const auto seconds = static_cast<std::uint32_t>(now.time_since_epoch().count());
    std::array<std::uint8_t, dated_octets> number;
    random.fill(std::span(number).subspan(sizeof seconds));
    for (std::size_t i = 0; i < sizeof seconds; ++i)
        number[i] = static_cast<std::uint8_t>(seconds >> (24 - 8 * i));
    auto content = positive_content(number);
    return content.empty() ? dated(now, random) : SerialNumber(std::move(content));
}

base::Result<SerialNumber> SerialNumber::from_der_content(base::BytesView octets) {
    if (octets.empty()) return base::fail("a serial number is empty");
    if (octets[0] >= 0x80) return base::fail("a serial number is negative");
    if (octets.size() > 1 && octets[0] == 0 && octets[1] < 0x80) {
        return base::fail("a serial number has needless leading zeros");
    }
    if (octets.size() > max_octets) {
        return base::fail("a serial number has more than 32 octets");
    }
    return SerialNumber(base::copy_of(octets));
}

base::Result<SerialNumber> SerialNumber::from_hex(std::string_view text) {
    if (text.size() > 2 * max_octets) return base::fail("a serial number is too long");
    const auto number = base::from_hex(text);
    if (!number) return std::unexpected(number.error().within("serial number"));
    if (number->empty() || number->front() != 0) return from_der_content(positive_content(*number));
    if (number->size() > 1) return base::fail("a serial number has needless leading zeros");
    return from_der_content(*number);
}

std::string SerialNumber::to_hex() const {
    const bool is_padded = der_content_.size() > 1 && der_content_[0] == 0;
    return base::to_hex(base::BytesView(der_content_).subspan(is_padded ? 1 : 0));
}

}  // namespace cairn::pki
