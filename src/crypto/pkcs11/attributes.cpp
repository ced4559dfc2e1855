#include "crypto/pkcs11/attributes.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "asn1/der.h"
#include "crypto/digest.h"
#include "crypto/openssl.h"

namespace cairn::crypto {
namespace {

struct TokenCurve {
    KeyAlgorithm algorithm;
    std::size_t field_size;
    /// DER, the identifier whole.
    base::BytesView identifier;
};

// RFC 5480 section 2.1.1.1.
constexpr std::uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::uint8_t p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr std::uint8_t p521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};

constexpr std::array token_curves{TokenCurve{KeyAlgorithm::ec_p256, 32, p256},
                                  TokenCurve{KeyAlgorithm::ec_p384, 48, p384},
                                  TokenCurve{KeyAlgorithm::ec_p521, 66, p521}};

// What stands before a SHA-256 digest in a DigestInfo (RFC 8017 section 9.2, note 1).
constexpr std::uint8_t sha256_prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                          0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                          0x01, 0x05, 0x00, 0x04, 0x20};

base::BytesView without_zeros(base::BytesView number) {
    while (!number.empty() && number.front() == 0) number = number.subspan(1);
    return number;
}

// The octets of an uncompressed point, out of their OCTET STRING if they are in one.
base::BytesView bare_point(base::BytesView point, std::size_t field_size) {
    if (point.size() == 1 + 2 * field_size) return point;
    asn1::Failure failure;
    asn1::Reader reader(point, failure);
    const auto element = reader.element(asn1::tag::octet_string, "the point");
    reader.end("the point");
    return failure ? base::BytesView() : element.content;
}

}  // namespace

base::Result<PublicKey> public_key_from_attributes(const PublicKeyAttributes& attributes) {
    if (attributes.modulus && attributes.exponent && !attributes.modulus->empty())
        return PublicKey::from_rsa(without_zeros(*attributes.modulus),
                                   without_zeros(*attributes.exponent));
    if (!attributes.curve || !attributes.point)
        return base::fail("it has neither a modulus nor a curve and a point");
    const auto* const curve = std::ranges::find_if(token_curves, [&](const TokenCurve& each) {
        return std::ranges::equal(each.identifier, *attributes.curve);
    });
    if (curve == token_curves.end())
        return base::fail("its curve is none of P-256, P-384 and P-521");
    const auto point = bare_point(*attributes.point, curve->field_size);
    if (point.size() != 1 + 2 * curve->field_size || point.front() != 4)
        return base::fail("its point is no uncompressed one of its curve");
    return PublicKey::from_ec_point(curve->algorithm, point.subspan(1, curve->field_size),
                                    point.subspan(1 + curve->field_size));
}

base::Bytes curve_parameters(KeyAlgorithm algorithm) {
    const auto* const curve = std::ranges::find(token_curves, algorithm, &TokenCurve::algorithm);
    if (curve == token_curves.end()) throw std::logic_error("a key of no curve");
    return base::copy_of(curve->identifier);
}

SigningInput input_of(const PublicKey& key, base::BytesView data) {
    std::array<std::uint8_t, 64> digest{};
    const auto hashed = [&](const EVP_MD* algorithm) {
        return base::BytesView(digest).first(hash(algorithm, data, digest));
    };
    switch (key.algorithm()) {
        case KeyAlgorithm::rsa: {
            base::Bytes octets(std::begin(sha256_prefix), std::end(sha256_prefix));
            const auto value = hashed(sha256_algorithm());
            octets.insert(octets.end(), value.begin(), value.end());
            return {CKM_RSA_PKCS, std::move(octets)};
        }
        case KeyAlgorithm::ec_p256:
            return {CKM_ECDSA, base::copy_of(hashed(sha256_algorithm()))};
        case KeyAlgorithm::ec_p384:
            return {CKM_ECDSA, base::copy_of(hashed(sha384_algorithm()))};
        case KeyAlgorithm::ec_p521:
            return {CKM_ECDSA, base::copy_of(hashed(sha512_algorithm()))};
        case KeyAlgorithm::ed25519:
            return {CKM_EDDSA, base::copy_of(data)};
    }
    throw std::logic_error("key of no algorithm");
}

}  // namespace cairn::crypto
