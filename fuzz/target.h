#pragma once
// What each fuzz target begins with.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace cairn::fuzz {

/// What a target does with one input, as libFuzzer calls it.
using Play = int (*)(const std::uint8_t* data, std::size_t size);

/// Ends the process if what must hold for every input does not.
inline void require(bool holds) {
    if (!holds) std::abort();
}

/// Whether all of it may be shown on a terminal or in a log.
inline bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

#ifdef CAIRN_FUZZ_SEEDS
/// Makes a target known to the program that plays seeds (seeds.cpp).
struct Registered {
    Registered(const char* noun, Play play);
};
#endif

}  // namespace cairn::fuzz

using cairn::fuzz::is_printable;
using cairn::fuzz::require;

/// Heads the function that plays an input, with its octets in `data` and `size`; it answers 0. It
/// is a program of its own for libFuzzer, and all of them are one that plays seeds.
#ifdef CAIRN_FUZZ_SEEDS
#define CAIRN_FUZZ_TARGET(noun)                                                 \
    static int fuzz_##noun(const std::uint8_t* data, std::size_t size);         \
    static const cairn::fuzz::Registered registered_##noun(#noun, fuzz_##noun); \
    static int fuzz_##noun(const std::uint8_t* data, std::size_t size)
#else
#define CAIRN_FUZZ_TARGET(noun) \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
#endif
