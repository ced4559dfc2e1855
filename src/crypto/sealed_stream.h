#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/random.h"

// Octets of any length, encrypted and authenticated under a passphrase, for files that leave the
// machine. The key comes of the passphrase by scrypt (RFC 7914); the octets are sealed in chunks of
// 64 KiB by AES-256-GCM (NIST SP 800-38D), each under its number and whether it is the last, so
// that no chunk can be changed, moved, left out, or cut from the end.
namespace cairn::crypto {

/// What stands in front of the chunks: how the key is made.
struct SealHeader {
    static constexpr std::size_t size = 44;
    /// scrypt's cost: the logarithm of N; r is 8 and p is 1. 17 takes 128 MiB and some tenths of a
    /// second. Others between 14 and 20 are read.
    int cost = 17;
    std::array<std::uint8_t, 32> salt{};

    [[nodiscard]] static SealHeader fresh(Random& random);
    /// Refuses other octets than `to_octets` writes.
    [[nodiscard]] static base::Result<SealHeader> from_octets(base::BytesView octets);
    [[nodiscard]] base::Bytes to_octets() const;
};

/// A key for chunks, wiped at its end.
class SealKey {
  public:
    /// Throws std::runtime_error if there is not enough memory for it.
    [[nodiscard]] static SealKey from_passphrase(const SealHeader& header,
                                                 std::string_view passphrase);
    ~SealKey();
    SealKey(const SealKey&) = default;
    SealKey& operator=(const SealKey&) = default;
    [[nodiscard]] base::BytesView octets() const { return octets_; }

  private:
    SealKey() = default;
    std::array<std::uint8_t, 32> octets_{};
};

/// Writes sealed octets. Nothing that it has written is of use before `finish`.
class Sealer {
  public:
    /// Writes the header. `out` outlives this object; whether it could be written is asked of it.
    Sealer(std::ostream& out, const SealHeader& header, const SealKey& key);
    ~Sealer();
    Sealer(const Sealer&) = delete;
    Sealer& operator=(const Sealer&) = delete;

    void write(base::BytesView octets);
    /// Writes the last chunk.
    void finish();

  private:
    void seal(bool is_last);
    struct State;
    std::unique_ptr<State> state_;
};

/// Reads what a Sealer wrote.
class Unsealer {
  public:
    /// `in` stands behind the header, and outlives this object.
    Unsealer(std::istream& in, const SealHeader& header, const SealKey& key);
    ~Unsealer();
    Unsealer(const Unsealer&) = delete;
    Unsealer& operator=(const Unsealer&) = delete;

    /// The next octets, 64 KiB at most; none at all: that was the end, and nothing is missing. The
    /// error: the key is another one, or the octets are not as they were written.
    [[nodiscard]] base::Result<base::Bytes> next();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::crypto
