#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "pki/subject_names.h"

namespace cairn::pki {

/// A PKCS#10 certification request (RFC 2986), read from well-formed DER without trailing octets.
/// Its version is 1 (or the values 1 and 2 that some clients write), and its signature verifies
/// under its own key with SHA-256 or better (or Ed25519).
class Csr {
  public:
    /// Largest accepted encoding, in octets.
    static constexpr std::size_t max_size = 32768;

    /// Reads DER. On failure every finding is reported, not only the first.
    [[nodiscard]] static base::Result<Csr, std::vector<base::Error>> from_der(base::BytesView der);
    /// Reads DER that `from_der` has accepted before and that nobody can have changed since. The
    /// signature is not verified again, since that is expensive.
    [[nodiscard]] static base::Result<Csr, std::vector<base::Error>> from_kept_der(
        base::BytesView der);

    [[nodiscard]] const base::Bytes& der() const { return der_; }
    [[nodiscard]] const crypto::PublicKey& public_key() const { return public_key_; }
    /// The subjectAltName asked for; empty if the request has none.
    [[nodiscard]] const SubjectNames& names() const { return names_; }
    /// The subject's common names (ASCII only; others are refused by `from_der`).
    [[nodiscard]] const std::vector<std::string>& common_names() const { return common_names_; }
    /// True if the TLS feature status_request is asked for (RFC 7633).
    [[nodiscard]] bool must_staple() const { return must_staple_; }

  private:
    enum class Signature { verified, verified_before };
    static base::Result<Csr, std::vector<base::Error>> read(base::BytesView der,
                                                            Signature signature);
    Csr(base::Bytes der, crypto::PublicKey key)
        : der_(std::move(der)), public_key_(std::move(key)) {}
    base::Bytes der_;
    crypto::PublicKey public_key_;
    SubjectNames names_;
    std::vector<std::string> common_names_;
    bool must_staple_ = false;
};

struct CsrOptions {
    bool must_staple = false;
};

/// Makes a request for `names` and the key of `signer`, which signs it; subject empty, DER. Throws
/// std::runtime_error if the key cannot sign.
[[nodiscard]] base::Bytes make_csr(const crypto::Signer& signer, const SubjectNames& names,
                                   CsrOptions options = {});

}  // namespace cairn::pki
