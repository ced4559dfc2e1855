#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "crypto/random.h"

namespace cairn::crypto {

/// AES-128 on single blocks: a pseudo-random permutation of 16 octets, for values that must be
/// unpredictable for others and readable for us. Not thread-safe.
class BlockCipher {
  public:
    using Block = std::array<std::uint8_t, 16>;
    /// Under a random key that lives as long as this object.
    explicit BlockCipher(Random& random);
    explicit BlockCipher(const Block& key);
    ~BlockCipher();
    [[nodiscard]] Block encrypt(const Block& block);
    [[nodiscard]] Block decrypt(const Block& block);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::crypto
