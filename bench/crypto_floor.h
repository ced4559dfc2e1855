#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace cairn::bench {

/// What the bare operations that no CA can avoid cost, in microseconds of CPU time.
struct CryptoFloor {
    double p256_verify = 0;
    double p256_sign = 0;
    double x25519 = 0;  ///< making a key or deriving a secret
};
/// Here and now: the mean over some hundredths of a second.
[[nodiscard]] CryptoFloor measure_crypto_floor();
/// The mean of several measurements; of none, zeros.
[[nodiscard]] CryptoFloor mean(const std::vector<CryptoFloor>& floors);

/// What a verification of a P-256 signature costs while server and clients work: they share caches,
/// and on many machines the units of a core, which quiet moments do not show.
class VerificationsMeanwhile {
  public:
    VerificationsMeanwhile();
    ~VerificationsMeanwhile();
    VerificationsMeanwhile(const VerificationsMeanwhile&) = delete;
    VerificationsMeanwhile& operator=(const VerificationsMeanwhile&) = delete;

    /// Makes a few. Every fiftieth of a second is about a hundredth of a core.
    void observe();
    /// Microseconds of CPU time of one, the mean; 0 if there were none.
    [[nodiscard]] double mean() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
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
