#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ca/ports/nonces.h"
#include "crypto/random.h"

namespace cairn::ca {

/// The nonces of a CA with one node. They are not stored: each is an encrypted counter, so it
/// cannot be guessed, and one bit for each of the last `window` counters says whether it was used.
/// Older ones and those of an earlier start are refused, which costs a client one retry.
class LocalNonces final : public Nonces {
  public:
    static constexpr std::uint64_t window = 1U << 20U;

    explicit LocalNonces(crypto::Random& random);
    ~LocalNonces() override;

    [[nodiscard]] std::string issue() override;
    /// True exactly once for each nonce that `issue` returned.
    [[nodiscard]] bool take(std::string_view nonce);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::ca
