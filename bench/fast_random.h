#pragma once

#include <random>

#include "crypto/random.h"

namespace cairn::bench {

/// Different octets quickly, good for nothing else. Used by one thread at a time.
class FastRandom final : public crypto::Random {
  public:
    void fill(std::span<std::uint8_t> octets) override {
        std::size_t at = 0;
        while (at < octets.size()) {
            auto word = engine_();
            for (int i = 0; i < 8 && at < octets.size(); ++i, word >>= 8)
                octets[at++] = static_cast<std::uint8_t>(word);
        }
    }
    template <class Array>
    Array array() {
        Array result;
        fill(result);
        return result;
    }

  private:
    std::mt19937_64 engine_{std::random_device{}()};
};

}  // namespace cairn::bench
