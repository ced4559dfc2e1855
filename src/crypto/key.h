#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

using EVP_PKEY = struct evp_pkey_st;
using EVP_PKEY_CTX = struct evp_pkey_ctx_st;

namespace cairn::crypto {

/// Kinds of public keys that can be read, whatever their strength.
enum class KeyAlgorithm { rsa, ec_p256, ec_p384, ec_p521, ed25519 };

/// "rsa", "ec-p256", "ec-p384", "ec-p521", "ed25519".
[[nodiscard]] std::string_view to_string(KeyAlgorithm algorithm);
/// The reverse; the error names all kinds.
[[nodiscard]] base::Result<KeyAlgorithm> key_algorithm_from(std::string_view text);

/// Kinds of keys that can be generated; named as by `--key-type` on the command line.
enum class KeyType { ec_p256, ec_p384, rsa2048, rsa3072, rsa4096, ed25519 };
/// "ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096", "ed25519".
[[nodiscard]] std::string_view to_string(KeyType type);
[[nodiscard]] base::Result<KeyType> key_type_from(std::string_view text);

/// A public key of a known kind whose encoding was valid: an EC point on its curve, an RSA key of
/// 512 to 16384 bits with an odd exponent above 1. Strength is judged by `key_weakness`.
/// An immutable value, cheap to copy, safe to share between threads.
class PublicKey {
  public:
    /// Reads a DER SubjectPublicKeyInfo. Refuses trailing octets, compressed points, explicit
    /// curve parameters and other algorithms.
    [[nodiscard]] static base::Result<PublicKey> from_spki(base::BytesView der);
    /// Makes an EC key from coordinates of exactly the curve's length (RFC 7518 section 6.2.1).
    [[nodiscard]] static base::Result<PublicKey> from_ec_point(KeyAlgorithm curve,
                                                               base::BytesView x,
                                                               base::BytesView y);
    /// Makes an RSA key from big-endian modulus and exponent without leading zeros.
    [[nodiscard]] static base::Result<PublicKey> from_rsa(base::BytesView modulus,
                                                          base::BytesView exponent);
    [[nodiscard]] static base::Result<PublicKey> from_ed25519(base::BytesView raw);

    [[nodiscard]] KeyAlgorithm algorithm() const;
    /// Bits of the modulus or of the curve's field.
    [[nodiscard]] int bits() const;
    /// The DER SubjectPublicKeyInfo.
    [[nodiscard]] const base::Bytes& spki() const;
    struct EcPoint {
        base::Bytes x, y;
    };
    /// Coordinates, full-length; only for EC keys.
    [[nodiscard]] EcPoint ec_point() const;
    struct RsaNumbers {
        base::Bytes modulus, exponent;
    };
    /// Big-endian without leading zeros; only for RSA keys.
    [[nodiscard]] RsaNumbers rsa_numbers() const;
    /// The 32 octets of an Ed25519 key.
    [[nodiscard]] base::Bytes ed25519_raw() const;

    /// The OpenSSL object, never null.
    [[nodiscard]] EVP_PKEY* handle() const;
    friend bool operator==(const PublicKey& left, const PublicKey& right) {
        return left.spki() == right.spki();
    }

    /// Takes an OpenSSL public key of a kind that is known here.
    [[nodiscard]] static base::Result<PublicKey> from_handle(std::shared_ptr<EVP_PKEY> key);

  private:
    class Parts;

  public:
    /// An OpenSSL context that is ready to verify with a key, borrowed for one verification at a
    /// time. Its set-up costs a tenth of a verification, so the key keeps a few. Not for Ed25519,
    /// which has none. Throws std::runtime_error if OpenSSL has no memory.
    class Verification {
      public:
        explicit Verification(const PublicKey& key);
        ~Verification();
        Verification(const Verification&) = delete;
        Verification& operator=(const Verification&) = delete;
        /// Never null.
        [[nodiscard]] EVP_PKEY_CTX* context() const { return context_; }

      private:
        std::shared_ptr<const Parts> parts_;
        EVP_PKEY_CTX* context_;
    };

  private:
    explicit PublicKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
    std::shared_ptr<const Parts> parts_;
};

/// A private key with its public half. Cheap to copy (copies share the key), safe to share between
/// threads; OpenSSL wipes it with the last copy.
class PrivateKey {
  public:
    [[nodiscard]] static PrivateKey generate(KeyType type);
    /// Reads an unencrypted PEM private key, PKCS#8 or traditional.
    [[nodiscard]] static base::Result<PrivateKey> from_pem(std::string_view pem);
    /// Takes an OpenSSL private key of a kind that is known here, whose halves belong together.
    [[nodiscard]] static base::Result<PrivateKey> from_handle(std::shared_ptr<EVP_PKEY> key);
    /// PKCS#8, unencrypted, to be written with mode 0600.
    [[nodiscard]] base::SecretBytes to_pem() const;
    [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
    [[nodiscard]] EVP_PKEY* handle() const { return key_.get(); }

  private:
    PrivateKey(std::shared_ptr<EVP_PKEY> key, PublicKey public_key)
        : key_(std::move(key)), public_key_(std::move(public_key)) {}
    /// An error unless the two belong together.
    static base::Result<PrivateKey> from_halves(std::shared_ptr<EVP_PKEY> key,
                                                PublicKey public_key);
    std::shared_ptr<EVP_PKEY> key_;
    PublicKey public_key_;
};

}  // namespace cairn::crypto
