#pragma once

#include "base/bytes.h"
#include "ca/ports/signer.h"
#include "crypto/key.h"

namespace cairn::ca {

/// The port to a place where keys are kept: one key of it, which signs octets. Only a signer asks
/// it, and a signer takes drafts alone. Thread-safe.
class SigningKey {
  public:
    virtual ~SigningKey() = default;
    [[nodiscard]] virtual const crypto::PublicKey& public_key() const = 0;

    enum class Pace {
        brief,     ///< tens of microseconds of a processor, and no waiting for anything
        blocking,  ///< a thread is busy or waits for longer: a dear algorithm, a device, a network
    };
    /// How `sign` treats the thread that calls it. Whoever keeps the key knows; its algorithm alone
    /// does not tell.
    [[nodiscard]] virtual Pace pace() const = 0;
    [[nodiscard]] virtual Signer::Place place() const = 0;

    /// The value of the signature over `octets` with the algorithm that
    /// pki::signature_algorithm_for names for the key. Throws SignerUnavailable if the key cannot
    /// be reached now, and std::runtime_error if it will never sign.
    [[nodiscard]] virtual base::Bytes sign(base::BytesView octets) const = 0;
};

}  // namespace cairn::ca
