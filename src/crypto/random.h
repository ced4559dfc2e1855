#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
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

/// Octets of another source, drawn many at a time: a dozen calls for a few octets each cost a CA as
/// much as a tenth of a signature. Each octet is given out once and then wiped here.
class DrawnRandom final : public Random {
  public:
    explicit DrawnRandom(Random& source) : source_(source) {}
    void fill(std::span<std::uint8_t> octets) override;

  private:
    static constexpr std::size_t drawn_at_once = 1024;

    Random& source_;
    std::mutex mutex_;
    base::SecretBytes drawn_;
};

}  // namespace cairn::crypto
