#pragma once

#include <stdexcept>

#include "base/bytes.h"
#include "base/task.h"
#include "ca/work/certificate_draft.h"
#include "crypto/key.h"

namespace cairn::ca {

/// The signer cannot be reached now; the same signature may succeed later.
class SignerUnavailable : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The port to whatever holds an issuer's key: this process's memory, an HSM. Thread-safe.
class Signer {
  public:
    virtual ~Signer() = default;
    /// The public half of the key.
    [[nodiscard]] virtual const crypto::PublicKey& public_key() const = 0;
    /// Signs `draft` and nothing else; the certificate's DER. It may take its time: a job waits for
    /// it, no request. Throws SignerUnavailable, and std::runtime_error if the key
    /// will never sign.
    [[nodiscard]] virtual base::Task<base::Bytes> sign(CertificateDraft draft) = 0;
};

}  // namespace cairn::ca
