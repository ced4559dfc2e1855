#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "client/failure.h"
#include "client/key_store.h"
#include "crypto/key.h"
#include "crypto/key_unavailable.h"
#include "crypto/signer.h"

namespace cairn::client {

/// A private key as a file of the state holds it: the key itself (PKCS #8, PEM), or what finds it
/// again. The latter is PEM, too, which programs with the right provider of OpenSSL's read as a
/// key, with lines before it for people and for this program, and the public key behind it, so that
/// nothing but a signature needs the place where the key is:
///
///     Key-Store: pkcs11:token=web?module-path=...&pin-source=file:/etc/cairn/pin
///     Key: pkcs11:token=web;object=www.example;id=%01...;type=private?module-path=...
///     Made-Here: yes
///     -----BEGIN PKCS#11 PROVIDER URI-----     (or TSS2 PRIVATE KEY, ENCRYPTED PRIVATE KEY)
///     -----BEGIN PUBLIC KEY-----
struct KeyText {
    crypto::Signer signer;
    /// To be written with mode 0600.
    base::SecretBytes text;
};

/// True if the text may be of a key.
[[nodiscard]] bool is_key_text(std::string_view text);

/// True if the key itself is not in the text, or not without a passphrase.
[[nodiscard]] bool is_reference(std::string_view text);

/// Finds the key of a text. That the place of the key is away shows when it signs.
[[nodiscard]] base::Result<crypto::Signer> signer_from(std::string_view text);

/// Where the key of a text is kept; an error for a text that no version has written.
[[nodiscard]] base::Result<KeyStore> store_of(std::string_view text);

/// A key of this type in this store: the one that the store's URI names if it names one and that is
/// there, else a new one, called `label` in a token. Throws crypto::KeyUnavailable, and
/// std::runtime_error where the store can have no such key, or the key that is named is of another
/// type.
[[nodiscard]] KeyText key_in(const KeyStore& store, crypto::KeyType type, const std::string& label);

/// The same; throws Failure with what to do.
[[nodiscard]] KeyText key_or_fail(const KeyStore& store, crypto::KeyType type,
                                  const std::string& label, Phase phase);
/// Nothing if a key could be made in this store now, as far as can be told without making one.
/// Throws Failure with what to do.
void require_reachable(const KeyStore& store, Phase phase);

/// What `work` returns; where it throws crypto::KeyUnavailable, a Failure to do `aim`.
template <class Work>
auto with_key_or_fail(const Aim& aim, const Work& work) {
    try {
        return work();
    } catch (const crypto::KeyUnavailable& error) {
        throw Failure(aim, error.what(),
                      "once the key can be had again, `cairn renew` goes on where this ended.");
    }
}

/// True if a key that was made here would be left somewhere when its text is gone.
[[nodiscard]] bool leaves_something(std::string_view text);
/// The text without that: the key is gone, or somebody else's now.
[[nodiscard]] std::string leaving_nothing(std::string_view text);
/// Removes such a key from its token. Throws crypto::KeyUnavailable. Nothing happens for other
/// texts: keys in files go with the file, and a key that somebody has named is theirs.
void remove_key_of(std::string_view text);

}  // namespace cairn::client
