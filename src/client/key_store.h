#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/passphrase.h"
#include "crypto/pkcs11/uri.h"

namespace cairn::client {

/// Where private keys are kept, as `--key-store` names it. An immutable value without secrets.
class KeyStore {
  public:
    enum class Kind {
        file,    ///< in files of mode 0600, encrypted if a passphrase is named
        pkcs11,  ///< in a PKCS #11 token
        tpm2     ///< in a TPM 2.0, which wraps what lies in a file
    };
    /// Files, not encrypted.
    KeyStore() = default;

    /// Reads "file", "pkcs11:..." (RFC 7512), "tpm2", or "tpm2:TCTI" with the way to the TPM as
    /// tpm2-tss names it ("tpm2:device:/dev/tpmrm0"). Files that are encrypted are
    /// "file?passphrase-file=/PATH", "file?passphrase-credential=NAME" (of systemd's) or
    /// "file?passphrase-command=LINE" with a program and its arguments (`CommandWords`).
    [[nodiscard]] static base::Result<KeyStore> from_text(std::string_view text);
    /// Encrypted files.
    [[nodiscard]] static KeyStore encrypted(crypto::PassphraseSource passphrase);
    /// The reverse of `from_text`.
    [[nodiscard]] std::string text() const;

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] bool is_encrypted() const { return passphrase_.is_there(); }
    /// Of a token, and of a key in it if that is named.
    [[nodiscard]] const crypto::Pkcs11Uri& uri() const { return uri_; }
    /// The way to the TPM; empty: the usual one.
    [[nodiscard]] const std::string& tcti() const { return tcti_; }
    [[nodiscard]] const crypto::PassphraseSource& passphrase() const { return passphrase_; }

    friend bool operator==(const KeyStore&, const KeyStore&) = default;

  private:
    Kind kind_ = Kind::file;
    crypto::Pkcs11Uri uri_{};
    std::string tcti_{};
    crypto::PassphraseSource passphrase_{};
};

}  // namespace cairn::client
