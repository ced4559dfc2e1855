#include "crypto/random.h"

#include <algorithm>

#include <openssl/rand.h>

#include "crypto/openssl.h"

namespace cairn::crypto {

void SystemRandom::fill(std::span<std::uint8_t> octets) {
    constexpr std::size_t most_at_once = 1U << 20;  // RAND_bytes counts in int
    while (!octets.empty()) {
        const auto part = octets.first(std::min(octets.size(), most_at_once));
        require(RAND_bytes(part.data(), static_cast<int>(part.size())) == 1, "random octets");
        octets = octets.subspan(part.size());
    }
}

}  // namespace cairn::crypto
