#pragma once

#include <memory>
#include <optional>
#include <string>

#include "crypto/key.h"
#include "crypto/pkcs11/uri.h"
#include "crypto/signer.h"

namespace cairn::crypto {

/// A private key in a PKCS #11 token, which it never leaves.
struct Pkcs11Key {
    /// Names the key by its label and id.
    Pkcs11Uri uri;
    PublicKey public_key;

    /// Signs with the key that `uri` names, whose public half is known: the token need not be there
    /// before something is signed. Sessions are kept and opened anew as they are needed, so a token
    /// that was away and is back goes on. Each signature is verified. `sign` throws KeyUnavailable
    /// while the token cannot do it, and std::runtime_error if it never will.
    [[nodiscard]] static Signer signer(Pkcs11Uri uri, PublicKey public_key);

    /// The key that `uri` names, which is in the token; nothing if there is none. Throws
    /// KeyUnavailable.
    [[nodiscard]] static std::optional<Pkcs11Key> find(const Pkcs11Uri& uri);

    /// Nothing if the token is there and lets us in. Throws KeyUnavailable.
    static void require_token(const Pkcs11Uri& uri);

    /// Makes a key in the token that `uri` names, with the label and id that stand there, else with
    /// `label` and an id by chance. It is sensitive and cannot be taken out (CKA_SENSITIVE, not
    /// CKA_EXTRACTABLE). Throws KeyUnavailable, and std::runtime_error if a token cannot have keys
    /// of the type.
    [[nodiscard]] static Pkcs11Key make(Pkcs11Uri uri, KeyType type, const std::string& label);

    /// Removes the key that `uri` names by its id from the token, both halves. Throws
    /// KeyUnavailable; nothing happens if it is gone.
    static void remove(const Pkcs11Uri& uri);
};

}  // namespace cairn::crypto
