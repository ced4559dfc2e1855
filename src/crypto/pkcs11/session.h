#pragma once
// Private to crypto: a session with a token.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/pkcs11/module.h"
#include "crypto/pkcs11/uri.h"

namespace cairn::crypto {

/// A session with the token that a URI names, logged in if the token wants that. All throw
/// KeyUnavailable. Used by one thread at a time.
class Pkcs11Session {
  public:
    enum class Access { read, write };
    Pkcs11Session(std::shared_ptr<Pkcs11Module> module, const Pkcs11Uri& uri, Access access);
    ~Pkcs11Session();
    Pkcs11Session(const Pkcs11Session&) = delete;
    Pkcs11Session& operator=(const Pkcs11Session&) = delete;

    /// Whether the module was not started anew since.
    [[nodiscard]] bool is_current() const;

    /// The private key that the URI names, and whether each signature wants the PIN anew.
    struct FoundKey {
        CK_OBJECT_HANDLE handle = 0;
        bool is_always_authenticated = false;
    };
    /// The only one; the message names those that are there.
    [[nodiscard]] FoundKey private_key() const;
    /// All objects of a class that have the URI's label and id.
    [[nodiscard]] std::vector<CK_OBJECT_HANDLE> objects(CK_OBJECT_CLASS kind) const;
    /// An attribute's octets; nothing if the object has none.
    [[nodiscard]] std::optional<base::Bytes> attribute(CK_OBJECT_HANDLE object,
                                                       CK_ATTRIBUTE_TYPE type) const;
    /// One raw signature by this mechanism.
    [[nodiscard]] base::Bytes sign(const FoundKey& key, CK_MECHANISM_TYPE mechanism,
                                   base::BytesView data) const;
    /// Makes a pair of keys; both get the label and the id.
    void generate(CK_MECHANISM_TYPE mechanism, std::vector<CK_ATTRIBUTE> of_public,
                  std::vector<CK_ATTRIBUTE> of_private) const;
    void destroy(CK_OBJECT_HANDLE object) const;

    /// The token's label, for messages.
    [[nodiscard]] const std::string& token() const { return token_; }

  private:
    void log_in(const Pkcs11Module::Use& use, const CK_TOKEN_INFO& facts);
    /// Throws if there is none, since the token wants one.
    [[nodiscard]] base::SecretBytes pin() const;
    [[nodiscard]] std::string asked(const std::string& what) const;

    const std::shared_ptr<Pkcs11Module> module_;
    const Pkcs11Uri uri_;
    CK_SLOT_ID slot_ = 0;
    CK_SESSION_HANDLE handle_ = 0;
    unsigned generation_ = 0;
    bool has_own_pad_ = false;
    std::string token_;
};

}  // namespace cairn::crypto
