#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "ca/ports/signing_key.h"
#include "crypto/key.h"
#include "crypto/pkcs11/uri.h"
#include "crypto/signer.h"

namespace cairn::apps {

/// Where the keys of issuers are made, as `--key-store` says it.
struct IssuerKeyStore {
    enum class Kind { file, pkcs11, tpm2 };
    Kind kind = Kind::file;
    crypto::Pkcs11Uri uri{};
    /// The way to the TPM; empty: the usual one.
    std::string tcti{};

    /// Reads "file", "pkcs11:..." (RFC 7512), "tpm2" or "tpm2:TCTI".
    [[nodiscard]] static base::Result<IssuerKeyStore> from_text(std::string_view text);
};

/// A private key of a CA, as it is made or brought, and how it is kept.
class IssuerKey {
  public:
    /// One that is written into a file. Implicit: wherever the key of an issuer is wanted, such a
    /// key will do.
    IssuerKey(const crypto::PrivateKey& key);
    /// One in the store, of this type: the one that the store's URI names, or a new one called
    /// `label`. Throws std::runtime_error saying why there can be none.
    [[nodiscard]] static IssuerKey make(const IssuerKeyStore& store, crypto::KeyType type,
                                        const std::string& label);
    /// The one that a URI names. Throws std::runtime_error if it cannot be had.
    [[nodiscard]] static IssuerKey of_token(const std::string& uri);
    /// One that a TPM has wrapped (Tpm2Key).
    [[nodiscard]] static base::Result<IssuerKey> of_tpm(std::string_view pem,
                                                        const std::string& tcti);

    [[nodiscard]] const crypto::Signer& signer() const { return signer_; }
    [[nodiscard]] const crypto::PublicKey& public_key() const { return signer_.public_key(); }
    /// What its file holds: PEM, encrypted if the passphrase is not empty and the key is here.
    /// Nothing if it has none.
    [[nodiscard]] std::optional<base::SecretBytes> file_text(base::BytesView passphrase) const;
    /// The URI in the place of a file; empty: there is a file.
    [[nodiscard]] std::string uri() const { return uri_ ? uri_->text() : std::string(); }
    /// Whether it was in its token before, so that it was not made.
    [[nodiscard]] bool was_there() const { return uri_ && !is_made_now_; }
    /// Removes it from its token, if it was made there now. For what came to nothing.
    void take_back() const noexcept;

  private:
    IssuerKey(crypto::Signer signer, std::string wrapped)
        : signer_(std::move(signer)), wrapped_(std::move(wrapped)) {}

    crypto::Signer signer_;
    std::optional<crypto::PrivateKey> in_memory_{};
    std::string wrapped_{};
    std::optional<crypto::Pkcs11Uri> uri_{};
    bool is_made_now_ = false;
};

/// A key that signs elsewhere, in a token or a TPM, for an issuer: a device that is away makes the
/// issuer's work wait.
class HeldKey final : public ca::SigningKey {
  public:
    explicit HeldKey(crypto::Signer signer) : signer_(std::move(signer)) {}
    [[nodiscard]] const crypto::PublicKey& public_key() const override {
        return signer_.public_key();
    }
    [[nodiscard]] Pace pace() const override { return Pace::blocking; }
    [[nodiscard]] ca::Signer::Place place() const override { return ca::Signer::Place::outside; }
    [[nodiscard]] base::Bytes sign(base::BytesView octets) const override;

  private:
    crypto::Signer signer_;
};

}  // namespace cairn::apps
