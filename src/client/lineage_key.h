#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "client/key_store.h"
#include "crypto/key.h"
#include "crypto/signer.h"

namespace cairn::client {

class CertificateRequest;

/// The private key of a lineage's certificate: a signer, and the text by which a later run finds
/// the key again (`KeyText`): the key itself, or what leads to it in a token or a TPM. An immutable
/// value, cheap to copy, safe to share between threads.
class LineageKey {
  public:
    /// A key that is kept in a file: its text is PKCS #8 PEM. Implicit: wherever the key of a
    /// lineage is wanted, such a key will do.
    LineageKey(const crypto::PrivateKey& key);
    /// A key that `signer` signs with and that `text`, which may be a secret, finds again.
    LineageKey(crypto::Signer signer, base::SecretBytes text);

    /// The key of a request that was made elsewhere: it is not here and cannot sign. Its text is
    /// the request (PKCS #10, PEM), which is no secret.
    [[nodiscard]] static LineageKey elsewhere(const CertificateRequest& request);
    /// True for such a key.
    [[nodiscard]] bool is_elsewhere() const;

    /// Makes a new key that is kept in a file.
    [[nodiscard]] static LineageKey generate(crypto::KeyType type);
    /// A key in this store, of this type: the one that the store names, else a new one, called
    /// `label` where it is kept with others. Throws Failure.
    [[nodiscard]] static LineageKey make(const KeyStore& store, crypto::KeyType type,
                                         const std::string& label);
    /// True if it is where a new key of this store would be.
    [[nodiscard]] bool is_kept_in(const KeyStore& store) const;
    /// Finds the key of a text that `text()` gave; an error if the text is of no known form or the
    /// key cannot be had.
    [[nodiscard]] static base::Result<LineageKey> from_text(std::string_view text);

    [[nodiscard]] const crypto::Signer& signer() const { return signer_; }
    [[nodiscard]] const crypto::PublicKey& public_key() const { return signer_.public_key(); }
    /// To be written with mode 0600.
    [[nodiscard]] const base::SecretBytes& text() const { return *text_; }

  private:
    crypto::Signer signer_;
    std::shared_ptr<const base::SecretBytes> text_;
};

/// True if `key` is one that `type` asks for.
[[nodiscard]] bool is_of_type(const crypto::PublicKey& key, crypto::KeyType type);

}  // namespace cairn::client
