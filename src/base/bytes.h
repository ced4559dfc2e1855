#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::base {

/// Octets that were not parsed.
using Bytes = std::vector<std::uint8_t>;
/// A view of octets that somebody else owns.
using BytesView = std::span<const std::uint8_t>;

/// The octets of `text`, not copied.
[[nodiscard]] BytesView bytes_of(std::string_view text);
/// `bytes` seen as characters, not copied. Says nothing about their encoding.
[[nodiscard]] std::string_view text_of(BytesView bytes);
/// A copy of `bytes`.
[[nodiscard]] Bytes copy_of(BytesView bytes);

/// Lower-case hexadecimal, two characters an octet.
[[nodiscard]] std::string to_hex(BytesView bytes);
/// The reverse of `to_hex`; takes either case, refuses odd lengths and other characters.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

/// Overwrites memory in a way that the compiler may not remove.
void wipe(std::span<std::uint8_t> memory) noexcept;

/// An allocator whose memory is wiped before it is returned.
template <class T>
struct WipingAllocator {
    using value_type = T;
    WipingAllocator() = default;
    template <class U>
    explicit WipingAllocator(const WipingAllocator<U>&) noexcept {}

    T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* memory, std::size_t count) noexcept {
        wipe({reinterpret_cast<std::uint8_t*>(memory), count * sizeof(T)});
        std::allocator<T>().deallocate(memory, count);
    }
    friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

/// Octets that are wiped when they are freed: private keys, MAC keys.
using SecretBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

}  // namespace cairn::base
