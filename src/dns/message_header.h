#pragma once
// Private to dns: the second and third octet of a message's header (RFC 1035 section 4.1.1).

#include <cstdint>

#include "base/bytes.h"

namespace cairn::dns {

inline constexpr std::uint16_t flag_response = 0x8000;
inline constexpr std::uint16_t mask_opcode = 0x7800;
inline constexpr std::uint16_t flag_authoritative = 0x0400;
inline constexpr std::uint16_t flag_truncated = 0x0200;
inline constexpr std::uint16_t flag_recursion_desired = 0x0100;
inline constexpr std::uint16_t mask_response_code = 0x000f;

/// Of a message that has a header.
[[nodiscard]] inline bool is_truncated(base::BytesView message) {
    constexpr std::uint8_t flag = flag_truncated >> 8U;
    return (message[2] & flag) != 0;
}

}  // namespace cairn::dns
