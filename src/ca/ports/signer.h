#pragma once

#include <stdexcept>

#include "base/bytes.h"
#include "base/task.h"
#include "ca/rules/draft.h"
#include "crypto/key.h"

namespace cairn::ca {

/// The signer cannot be reached now; the same signature may succeed later.
class SignerUnavailable : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The port through which an issuer signs, whatever it signs and whatever holds its key: this
/// process's memory, an HSM. Thread-safe.
class Signer {
  public:
    virtual ~Signer() = default;
    /// The public half of the key.
    [[nodiscard]] virtual const crypto::PublicKey& public_key() const = 0;

    enum class Place {
        in_process,  ///< nobody sees what is signed before the caller shows it
        outside,     ///< somebody else may have what was signed before the caller has it
    };
    /// Where signatures are made.
    [[nodiscard]] virtual Place place() const = 0;

    /// Signs `draft` and nothing else; the DER of the signed object, what was drafted with the
    /// algorithm and the signature. The task gives the executor back while it takes its time: a job
    /// waits for it, no request and no event loop. Throws SignerUnavailable, and std::runtime_error
    /// if the key will never sign.
    [[nodiscard]] virtual base::Task<base::Bytes> sign(Draft draft) = 0;
};

}  // namespace cairn::ca
