#include "crypto/random.h"

#include <algorithm>
#include <utility>

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

void DrawnRandom::fill(std::span<std::uint8_t> octets) {
    if (octets.size() > drawn_at_once) return source_.fill(octets);
    const std::scoped_lock lock(mutex_);
    while (!octets.empty()) {
        if (drawn_.empty()) {
            base::SecretBytes fresh(drawn_at_once);
            source_.fill(fresh);
            drawn_ = std::move(fresh);
        }
        const auto part = std::span(drawn_).last(std::min(octets.size(), drawn_.size()));
        std::ranges::copy(part, octets.begin());
        base::wipe(part);
        octets = octets.subspan(part.size());
        drawn_.resize(drawn_.size() - part.size());
    }
}

}  // namespace cairn::crypto
