#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/random.h"

namespace cairn::ca {

/// Anti-replay nonces (RFC 8555 section 6.5) that are not stored: each is a counter, encrypted, so
/// it cannot be guessed; of the last `window` counters one bit says whether it was used. Older ones
/// and those of an earlier start are not good any more, which costs a client one retry.
/// Thread-safe.
class Nonces {
  public:
    static constexpr std::uint64_t window = 1U << 20U;

    explicit Nonces(crypto::Random& random);
    ~Nonces();
    /// 22 characters of base64url, never the same twice.
    [[nodiscard]] std::string issue();
    /// True exactly once for each nonce that `issue` returned.
    [[nodiscard]] bool redeem(std::string_view nonce);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::ca
