#pragma once

namespace cairn::bench {

/// What the bare cryptographic operations cost on one core, in microseconds, best of several runs.
struct CryptoFloor {
    double p256_verify;
    double p256_sign;
};
[[nodiscard]] CryptoFloor measure_crypto_floor();

}  // namespace cairn::bench
