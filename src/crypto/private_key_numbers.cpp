#include "crypto/private_key_numbers.h"

#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "asn1/der.h"

namespace cairn::crypto {
namespace {

using namespace std::string_view_literals;

/// RFC 7468: what OpenSSL reads without a password.
base::Result<PrivateKey> from_der(std::string_view label, base::BytesView der) {
    std::string body(4 * ((der.size() + 2) / 3) + 1, '\0');
    body.resize(static_cast<std::size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(body.data()), der.data(), static_cast<int>(der.size()))));
    std::string pem = "-----BEGIN " + std::string(label) + "-----\n";
    for (std::size_t i = 0; i < body.size(); i += 64) pem += body.substr(i, 64) + "\n";
    pem += "-----END " + std::string(label) + "-----\n";
    auto key = PrivateKey::from_pem(pem);
    base::wipe({reinterpret_cast<std::uint8_t*>(pem.data()), pem.size()});
    base::wipe({reinterpret_cast<std::uint8_t*>(body.data()), body.size()});
    return key;
}

/// The object identifier of a curve with its header; empty for other keys.
std::string_view identifier_of(KeyAlgorithm curve) {
    switch (curve) {
        case KeyAlgorithm::ec_p256:
            return "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv;
        case KeyAlgorithm::ec_p384:
            return "\x06\x05\x2b\x81\x04\x00\x22"sv;
        case KeyAlgorithm::ec_p521:
            return "\x06\x05\x2b\x81\x04\x00\x23"sv;
        case KeyAlgorithm::rsa:
        case KeyAlgorithm::ed25519:
            return {};
    }
    return {};
}

}  // namespace

base::Result<PrivateKey> private_key_from(const RsaPrivateNumbers& numbers) {
    // RFC 8017 appendix A.1.2.
    asn1::Writer der;
    der.nested(asn1::tag::sequence, [&] {
        der.small_integer(0);
        for (const auto* number : {&numbers.modulus, &numbers.public_exponent,
                                   &numbers.private_exponent, &numbers.prime1, &numbers.prime2,
                                   &numbers.exponent1, &numbers.exponent2, &numbers.coefficient})
            der.natural_number(*number);
    });
    auto octets = std::move(der).take();
    auto key = from_der("RSA PRIVATE KEY", octets);
    base::wipe(octets);
    return key;
}

base::Result<PrivateKey> private_key_from(KeyAlgorithm curve, base::BytesView scalar) {
    const auto identifier = identifier_of(curve);
    if (identifier.empty()) return base::fail("no elliptic curve");
    // RFC 5915 section 3.
    asn1::Writer der;
    der.nested(asn1::tag::sequence, [&] {
        der.small_integer(1);
        der.element(asn1::tag::octet_string, scalar);
        der.nested(asn1::tag::context_constructed(0), [&] { der.raw(base::bytes_of(identifier)); });
    });
    auto octets = std::move(der).take();
    auto key = from_der("EC PRIVATE KEY", octets);
    base::wipe(octets);
    return key;
}

base::Result<PrivateKey> ed25519_key_from(base::BytesView seed) {
    constexpr std::size_t seed_size = 32;
    if (seed.size() != seed_size) return base::fail("an Ed25519 key has not 32 octets");
    // RFC 8410 section 7: the octets of a CurvePrivateKey, which is an octet string itself.
    constexpr auto head = "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"sv;
    auto octets = base::copy_of(base::bytes_of(head));
    octets.insert(octets.end(), seed.begin(), seed.end());
    auto key = from_der("PRIVATE KEY", octets);
    base::wipe(octets);
    return key;
}

}  // namespace cairn::crypto
