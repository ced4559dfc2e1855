#pragma once

#include <cstddef>
#include <string>
#include <thread>

namespace cairn::bench {

/// What the bare operations that no CA can avoid cost here and now, in microseconds; of several
/// rounds the quickest, so that a neighbour's noise makes a CA look worse, never better.
struct CryptoFloor {
    double p256_verify = 0;
    double p256_sign = 0;
    double x25519 = 0;  ///< making a key or deriving a secret
};
[[nodiscard]] CryptoFloor measure_crypto_floor();
/// The mean of a measurement before and one after something.
[[nodiscard]] CryptoFloor mean(const CryptoFloor& before, const CryptoFloor& after);

/// What a verification of a P-256 signature costs meanwhile, while server and clients work: they
/// share caches, and on many machines the units of a core, which the quiet moments before and after
/// do not show. A few verifications now and then, on a thread of its own.
class VerificationsMeanwhile {
  public:
    VerificationsMeanwhile();
    /// Microseconds of CPU time of one, the mean; ends the thread.
    [[nodiscard]] double stop();

  private:
    double seconds_ = 0;
    long count_ = 0;
    std::jthread thread_;
};

/// Whether a client keeps its TLS connection or makes a new one for each order.
enum class Connections { kept, fresh };
[[nodiscard]] std::string to_string(Connections connections);

/// The cryptography of one certificate for `names` names, in microseconds: a signed request for the
/// order, three for each name (authorization, challenge, poll), finalize, poll, download; the
/// signature of the CSR; one signature made. A fresh connection adds a TLS 1.3 handshake: one
/// signature, two operations of X25519.
[[nodiscard]] double floor_microseconds(const CryptoFloor& floor, Connections connections,
                                        std::size_t names);

/// How long a write of 4 KiB followed by fdatasync takes in `folder`, in microseconds, the median.
/// Throws std::runtime_error if the folder cannot be written.
[[nodiscard]] double measure_durable_write(const std::string& folder);

}  // namespace cairn::bench
