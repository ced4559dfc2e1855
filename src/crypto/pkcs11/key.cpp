#include "crypto/pkcs11/key.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "asn1/der.h"
#include "crypto/openssl.h"
#include "crypto/pkcs11/attributes.h"
#include "crypto/pkcs11/session.h"
#include "crypto/random.h"

namespace cairn::crypto {
namespace {

constexpr std::size_t id_size = 16;

enum class Failing {
    stale_session,  ///< another session may do
    lost_device,    ///< the module may have to look for it again
    full,           ///< it has no room now
    never,          ///< the token does not do such a thing
    other
};

Failing failing_of(CK_RV code) {
    switch (code) {
        case CKR_SESSION_HANDLE_INVALID:
        case CKR_SESSION_CLOSED:
        case CKR_USER_NOT_LOGGED_IN:
        case CKR_KEY_HANDLE_INVALID:
        case CKR_OBJECT_HANDLE_INVALID:
        case CKR_OPERATION_ACTIVE:
        case CKR_OPERATION_NOT_INITIALIZED:
            return Failing::stale_session;
        case CKR_DEVICE_ERROR:
        case CKR_DEVICE_REMOVED:
        case CKR_TOKEN_NOT_PRESENT:
        case CKR_TOKEN_NOT_RECOGNIZED:
        case CKR_SLOT_ID_INVALID:
        case CKR_CRYPTOKI_NOT_INITIALIZED:
        case CKR_GENERAL_ERROR:
        case CKR_FUNCTION_FAILED:
            return Failing::lost_device;
        case CKR_DEVICE_MEMORY:
        case CKR_HOST_MEMORY:
        case CKR_SESSION_COUNT:
            return Failing::full;
        case CKR_MECHANISM_INVALID:
        case CKR_MECHANISM_PARAM_INVALID:
        case CKR_KEY_TYPE_INCONSISTENT:
        case CKR_KEY_FUNCTION_NOT_PERMITTED:
        case CKR_FUNCTION_NOT_SUPPORTED:
        case CKR_KEY_SIZE_RANGE:
            return Failing::never;
        default:
            return Failing::other;
    }
}

/// A key of a token, as a signer has it.
class KeyInToken final : public KeyHolder {
  public:
    KeyInToken(Pkcs11Uri uri, PublicKey public_key)
        : uri_(std::move(uri)), public_key_(std::move(public_key)) {}
    [[nodiscard]] const PublicKey& public_key() const override { return public_key_; }

    [[nodiscard]] base::Bytes sign(base::BytesView data) const override {
        const auto input = input_of(public_key_, data);
        for (bool is_second = false;; is_second = true) {
            try {
                return signed_in(is_second ? open() : taken(), input, data);
            } catch (const CryptokiFailure& failure) {
                const auto failing = failing_of(failure.code());
                if (failing == Failing::never) throw std::runtime_error(failure.what());
                // Others of the same token are no better, and a full one wants them closed.
                drop_idle();
                if (failing == Failing::lost_device) Pkcs11Module::of(uri_)->start_anew();
                const bool may_help =
                    failing == Failing::stale_session || failing == Failing::lost_device;
                if (is_second || !may_help) throw;
            }
        }
    }

  private:
    struct OpenKey {
        explicit OpenKey(const Pkcs11Uri& uri)
            : session(Pkcs11Module::of(uri), uri, Pkcs11Session::Access::read),
              key(session.private_key()) {}
        Pkcs11Session session;
        Pkcs11Session::FoundKey key;
    };
    using Opened = std::unique_ptr<OpenKey>;

    [[nodiscard]] Opened open() const { return std::make_unique<OpenKey>(uri_); }
    [[nodiscard]] Opened taken() const {
        for (;;) {
            Opened opened;
            {
                const std::scoped_lock lock(mutex_);
                if (idle_.empty()) break;
                opened = std::move(idle_.back());
                idle_.pop_back();
            }
            if (opened->session.is_current()) return opened;
        }
        return open();
    }
    void drop_idle() const {
        std::vector<Opened> dropped;
        const std::scoped_lock lock(mutex_);
        dropped.swap(idle_);
    }
    /// The signature in the form of JOSE, verified; the session is kept for the next.
    [[nodiscard]] base::Bytes signed_in(Opened opened, const SigningInput& input,
                                        base::BytesView data) const {
        auto signature = opened->session.sign(opened->key, input.mechanism, input.octets);
        if (!verify(public_key_, algorithm_for(public_key_), data, signature))
            throw KeyUnavailable("the token " + base::printable(opened->session.token(), 32) +
                                 " has signed by another key than that of the certificate, or "
                                 "wrongly");
        constexpr std::size_t most_idle = 8;
        const std::scoped_lock lock(mutex_);
        if (idle_.size() < most_idle) idle_.push_back(std::move(opened));
        return signature;
    }

    const Pkcs11Uri uri_;
    const PublicKey public_key_;
    mutable std::mutex mutex_;
    mutable std::vector<Opened> idle_;
};

// What says why a token could not make the key, in words about what to do.
[[noreturn]] void tell_of_making(const CryptokiFailure& failure, KeyType type) {
    switch (failing_of(failure.code())) {
        case Failing::full:
            throw KeyUnavailable(std::string(failure.what()) +
                                 ": it has no room; remove keys that nobody needs");
        case Failing::never:
        case Failing::other:
            throw std::runtime_error(std::string(failure.what()) + " (a key of type " +
                                     std::string(to_string(type)) + ")");
        case Failing::stale_session:
        case Failing::lost_device:
            break;
    }
    throw failure;
}

void generate(const Pkcs11Session& session, KeyType type) {
    base::Bytes curve;
    CK_ULONG bits = 0;
    std::array<std::uint8_t, 3> exponent{1, 0, 1};
    const auto rsa = [&](CK_ULONG size) {
        bits = size;
        session.generate(CKM_RSA_PKCS_KEY_PAIR_GEN,
                         {{CKA_MODULUS_BITS, &bits, sizeof bits},
                          {CKA_PUBLIC_EXPONENT, exponent.data(), exponent.size()}},
                         {});
    };
    const auto ec = [&](KeyAlgorithm algorithm) {
        curve = curve_parameters(algorithm);
        session.generate(CKM_EC_KEY_PAIR_GEN, {{CKA_EC_PARAMS, curve.data(), curve.size()}}, {});
    };
    switch (type) {
        case KeyType::ec_p256:
            return ec(KeyAlgorithm::ec_p256);
        case KeyType::ec_p384:
            return ec(KeyAlgorithm::ec_p384);
        case KeyType::rsa2048:
            return rsa(2048);
        case KeyType::rsa3072:
            return rsa(3072);
        case KeyType::rsa4096:
            return rsa(4096);
        case KeyType::ed25519:
            throw std::runtime_error("keys of type ed25519 are not made in tokens");
    }
}

base::Result<PublicKey> public_key_in(const Pkcs11Session& session, CK_OBJECT_HANDLE object) {
    return public_key_from_attributes({.modulus = session.attribute(object, CKA_MODULUS),
                                       .exponent = session.attribute(object, CKA_PUBLIC_EXPONENT),
                                       .curve = session.attribute(object, CKA_EC_PARAMS),
                                       .point = session.attribute(object, CKA_EC_POINT)});
}

// The public half of the private key `object`: beside it, in it, or in a certificate for it.
PublicKey public_half(const Pkcs11Session& session, CK_OBJECT_HANDLE object) {
    std::string why = "there is no public key, and no certificate, of its id in the token";
    std::vector<CK_OBJECT_HANDLE> places = session.objects(CKO_PUBLIC_KEY);
    places.push_back(object);
    for (const auto place : places) {
        auto key = public_key_in(session, place);
        if (key) return *std::move(key);
        if (place != object) why = key.error().message;
    }
    for (const auto place : session.objects(CKO_CERTIFICATE)) {
        const auto der = session.attribute(place, CKA_VALUE);
        if (!der) continue;
        const auto* at = der->data();
        const X509Handle certificate(d2i_X509(nullptr, &at, static_cast<long>(der->size())));
        if (!certificate) continue;
        auto key = PublicKey::from_handle(
            std::shared_ptr<EVP_PKEY>(X509_get_pubkey(certificate.get()), &EVP_PKEY_free));
        if (key) return *std::move(key);
    }
    throw std::runtime_error("the public half of the key is not to be had from the token " +
                             base::printable(session.token(), 32) + ": " + why);
}

// The URI, with what finds the key among others.
Pkcs11Uri uri_of(const Pkcs11Session& session, CK_OBJECT_HANDLE object, Pkcs11Uri uri) {
    if (uri.id.empty()) uri.id = session.attribute(object, CKA_ID).value_or(base::Bytes());
    return uri;
}

}  // namespace

Signer Pkcs11Key::signer(Pkcs11Uri uri, PublicKey public_key) {
    return Signer(std::make_shared<KeyInToken>(std::move(uri), std::move(public_key)));
}

std::optional<Pkcs11Key> Pkcs11Key::find(const Pkcs11Uri& uri) {
    const Pkcs11Session session(Pkcs11Module::of(uri), uri, Pkcs11Session::Access::read);
    if (session.objects(CKO_PRIVATE_KEY).empty()) return std::nullopt;
    const auto key = session.private_key();
    return Pkcs11Key{uri_of(session, key.handle, uri), public_half(session, key.handle)};
}

void Pkcs11Key::require_token(const Pkcs11Uri& uri) {
    const Pkcs11Session session(Pkcs11Module::of(uri), uri, Pkcs11Session::Access::read);
}

Pkcs11Key Pkcs11Key::make(Pkcs11Uri uri, KeyType type, const std::string& label) try {
    if (uri.object.empty()) uri.object = label;
    if (uri.id.empty()) uri.id = SystemRandom().octets(id_size);
    const Pkcs11Session session(Pkcs11Module::of(uri), uri, Pkcs11Session::Access::write);
    generate(session, type);
    auto key = public_half(session, session.private_key().handle);
    return {std::move(uri), std::move(key)};
} catch (const CryptokiFailure& failure) {
    tell_of_making(failure, type);
}

void Pkcs11Key::remove(const Pkcs11Uri& uri) {
    if (uri.id.empty()) throw std::logic_error("a key is removed by its id alone");
    const Pkcs11Session session(Pkcs11Module::of(uri), uri, Pkcs11Session::Access::write);
    for (const auto kind : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY})
        for (const auto object : session.objects(kind)) session.destroy(object);
}

}  // namespace cairn::crypto
