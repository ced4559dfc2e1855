#pragma once
// Private to dns: the octets of a message (RFC 1035 section 4.1), written from front to end.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "dns/message_reader.h"

namespace cairn::dns {

inline constexpr std::uint16_t class_internet = 1;
inline constexpr std::uint16_t class_any = 255;

/// Writes a message without compression.
class MessageWriter {
  public:
    void u8(std::size_t number) { octets_.push_back(static_cast<std::uint8_t>(number & 0xffU)); }
    void u16(std::size_t number) {
        u8(number >> 8U);
        u8(number);
    }
    void u32(std::size_t number) {
        u16(number >> 16U);
        u16(number);
    }
    /// Seconds since 1970 as TSIG has them.
    void u48(std::uint64_t number) {
        u16(number >> 32U & 0xffffU);
        u32(number & 0xffffffffU);
    }
    void octets(base::BytesView octets) { std::ranges::copy(octets, std::back_inserter(octets_)); }
    /// A name has labels of 1 to 63 printable characters without escapes, 253 octets in all; other
    /// text is refused.
    [[nodiscard]] base::Result<void> name(std::string_view text) {
        const auto start = octets_.size();
        auto rest = text;
        if (rest.ends_with('.')) rest.remove_suffix(1);
        for (bool last = false; !last;) {
            const auto dot = rest.find('.');
            last = dot == std::string_view::npos;
            const auto label = rest.substr(0, dot);
            rest.remove_prefix(last ? rest.size() : dot + 1);
            const bool printable = std::ranges::all_of(label, [](char character) {
                return character > 0x20 && character < 0x7f && character != '\\';
            });
            if (label.empty() || label.size() > 63 || !printable)
                return base::fail("\"" + base::printable(text) + "\" is not a name for the DNS");
            u8(label.size());
            octets(base::bytes_of(label));
        }
        u8(0);
        if (octets_.size() - start > max_wire_name)
            return base::fail("\"" + base::printable(text) + "\" is too long for the DNS");
        return {};
    }
    [[nodiscard]] std::size_t size() const { return octets_.size(); }
    [[nodiscard]] base::Bytes take() { return std::move(octets_); }

  private:
    base::Bytes octets_;
};

}  // namespace cairn::dns
