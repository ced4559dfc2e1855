#pragma once
// Private to dns: the octets of a message (RFC 1035 section 4.1), read from front to end.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "net/ascii.h"

namespace cairn::dns {

inline constexpr std::size_t max_wire_name = 255;
inline constexpr std::size_t max_compression_links = 128;

/// Why a message is refused that has less than it should.
inline constexpr std::string_view cut_short = "the DNS message ends early or holds a broken name";

/// One octet of a label as text: in lower case, and escaped if it would be misread (RFC 4343
/// section 2.1).
inline void append_name_octet(std::string& text, std::uint8_t octet) {
    const char character = static_cast<char>(octet);
    if (octet > 0x20 && octet < 0x7f && character != '.' && character != '\\') {
        text += net::ascii_lower(character);
    } else {
        text += '\\';
        for (const int power : {100, 10, 1}) text += static_cast<char>('0' + octet / power % 10);
    }
}

/// Reads a message from front to end and never beyond its bounds.
class MessageReader {
  public:
    explicit MessageReader(base::BytesView message) : message_(message) {}

    [[nodiscard]] std::optional<std::uint16_t> u16() {
        const auto octets = take(2);
        if (!octets) return std::nullopt;
        return static_cast<std::uint16_t>((*octets)[0] << 8U | (*octets)[1]);
    }
    [[nodiscard]] std::optional<std::uint32_t> u32() {
        const auto octets = take(4);
        if (!octets) return std::nullopt;
        std::uint32_t number = 0;
        for (const std::uint8_t octet : *octets) number = number << 8U | octet;
        return number;
    }
    [[nodiscard]] std::optional<base::BytesView> take(std::size_t count) {
        if (message_.size() - position_ < count) return std::nullopt;
        const auto octets = message_.subspan(position_, count);
        position_ += count;
        return octets;
    }
    /// A name, its compression resolved, in lower case without final dot (RFC 1035 section 4.1.4).
    [[nodiscard]] std::optional<std::string> name() {
        std::string text;
        std::size_t wire_size = 1;
        std::size_t at = position_;
        std::size_t links = 0;
        for (;;) {
            if (at >= message_.size()) return std::nullopt;
            const std::uint8_t size = message_[at];
            if ((size & 0xc0U) == 0xc0U) {
                if (at + 2 > message_.size() || ++links > max_compression_links) {
                    return std::nullopt;
                }
                const std::size_t target =
                    static_cast<std::size_t>(size & 0x3fU) << 8U | message_[at + 1];
                if (links == 1) position_ = at + 2;
                // A pointer leads only to a "prior occurrence", so there are no loops.
                if (target >= at) return std::nullopt;
                at = target;
                continue;
            }
            if (size > 63) return std::nullopt;
            ++at;
            if (size == 0) break;
            wire_size += std::size_t{1} + size;
            if (wire_size > max_wire_name || message_.size() - at < size) return std::nullopt;
            if (!text.empty()) text += '.';
            for (const std::uint8_t octet : message_.subspan(at, size)) {
                append_name_octet(text, octet);
            }
            at += size;
        }
        if (links == 0) position_ = at;
        return text;
    }
    void move_to(std::size_t position) { position_ = position; }
    [[nodiscard]] std::size_t position() const { return position_; }

  private:
    base::BytesView message_;
    std::size_t position_ = 0;
};

}  // namespace cairn::dns
