#pragma once

#include <optional>
#include <string>

#include "crypto/key.h"

namespace cairn::crypto {

/// Why `key` must not be trusted, or nothing if it is sound. Takes less than 50 ms.
///
/// RSA (BR 6.1.1.3, 6.1.5, 6.1.6): fewer than 2048 or more than 8192 bits, a size not divisible by
/// 8, an even modulus, an exponent below 65537 or even or above 2^256, a prime factor below 752,
/// primes that Fermat's method finds within 100 rounds, the ROCA fingerprint.
/// EC: nothing beyond what `PublicKey` already refuses; P-521 is sound.
[[nodiscard]] std::optional<std::string> key_weakness(const PublicKey& key);

/// Checks only the sizes of RSA's numbers, which costs next to nothing. Call it before a signature
/// is verified: that takes milliseconds with an exponent as long as the modulus.
[[nodiscard]] std::optional<std::string> size_weakness(const PublicKey& key);

}  // namespace cairn::crypto
