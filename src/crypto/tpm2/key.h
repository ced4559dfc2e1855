#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"
#include "crypto/signer.h"

namespace cairn::crypto {

/// A private key that one TPM 2.0 alone can use: wrapped by it, and kept in a file in the form that
/// OpenSSL's providers and engines of TPMs share ("TSS2 PRIVATE KEY",
/// draft-bottomley-tpm2-keys). It has no password of its own. An immutable value; no secret without
/// the TPM.
class Tpm2Key {
  public:
    static constexpr std::string_view pem_label = "TSS2 PRIVATE KEY";

    /// Reads such a block; refused are keys with a password or a policy, and those that no TPM of
    /// this kind could have written.
    [[nodiscard]] static base::Result<Tpm2Key> from_pem(std::string_view pem);
    /// Makes a key in the TPM at `tcti`, below its storage key of the owner's hierarchy; an empty
    /// `tcti` is the usual TPM of this machine. Throws KeyUnavailable if there is none or it does
    /// not let us, and std::runtime_error if it can have no key of the type.
    [[nodiscard]] static Tpm2Key make(const std::string& tcti, KeyType type);
    /// Nothing if that TPM is there and has a storage key for us. Throws KeyUnavailable.
    static void require_tpm(const std::string& tcti);
    /// The reverse of `from_pem`.
    [[nodiscard]] std::string pem() const;

    [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
    /// Signs with it in that TPM, one signature at a time. `sign` throws KeyUnavailable while the
    /// TPM cannot.
    [[nodiscard]] Signer signer(const std::string& tcti) const;

  private:
    Tpm2Key(std::uint32_t parent, base::Bytes public_area, base::Bytes wrapped,
            PublicKey public_key);

    std::uint32_t parent_;
    /// TPM2B_PUBLIC and TPM2B_PRIVATE, as a TPM writes them.
    base::Bytes public_area_, wrapped_;
    PublicKey public_key_;
};

}  // namespace cairn::crypto
