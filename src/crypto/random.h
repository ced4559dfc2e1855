#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace cairn::crypto {

/// Where unpredictable octets come from; a parameter of everything that needs them. Thread-safe.
class Random {
  public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> octets) = 0;
    [[nodiscard]] base::Bytes octets(std::size_t count) {
        base::Bytes result(count);
        fill(result);
        return result;
    }
};

/// OpenSSL's generator, seeded by the operating system. Throws std::runtime_error if it has none.
class SystemRandom final : public Random {
  public:
    void fill(std::span<std::uint8_t> octets) override;
};

}  // namespace cairn::crypto
