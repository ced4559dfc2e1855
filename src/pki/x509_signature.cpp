#include "pki/x509_signature.h"

#include <algorithm>
#include <array>
#include <string>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "crypto/openssl.h"
#include "crypto/raw_signature.h"
#include "pki/authority_certificates.h"

namespace cairn::pki {
namespace {

using crypto::KeyAlgorithm;

enum class Family { rsa, ecdsa, ed25519 };

struct Scheme {
    base::Bytes identifier;
    base::BytesView object_id;
    Family family;
    const EVP_MD* (*digest)();
};

/// Ed25519 hashes by itself.
const EVP_MD* no_digest() {
    return nullptr;
}

/// RFC 4055 section 5: RSA's parameters are NULL. RFC 5758 section 3.2, RFC 8410 section 3: the
/// others have none.
Scheme make_scheme(base::BytesView object_id, Family family, const EVP_MD* (*digest)()) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.element(asn1::tag::object_identifier, object_id);
        if (family == Family::rsa) writer.element(asn1::tag::null, base::BytesView());
    });
    return {std::move(writer).take(), object_id, family, digest};
}

const std::array<Scheme, 7>& schemes() {
    static const std::array<Scheme, 7> all{
        make_scheme(asn1::oid::rsa_sha256, Family::rsa, &crypto::sha256_algorithm),
        make_scheme(asn1::oid::rsa_sha384, Family::rsa, &crypto::sha384_algorithm),
        make_scheme(asn1::oid::rsa_sha512, Family::rsa, &crypto::sha512_algorithm),
        make_scheme(asn1::oid::ecdsa_sha256, Family::ecdsa, &crypto::sha256_algorithm),
        make_scheme(asn1::oid::ecdsa_sha384, Family::ecdsa, &crypto::sha384_algorithm),
        make_scheme(asn1::oid::ecdsa_sha512, Family::ecdsa, &crypto::sha512_algorithm),
        make_scheme(asn1::oid::ed25519, Family::ed25519, &no_digest),
    };
    return all;
}

Family family_of(const crypto::PublicKey& key) {
    switch (key.algorithm()) {
        case KeyAlgorithm::rsa:
            return Family::rsa;
        case KeyAlgorithm::ed25519:
            return Family::ed25519;
        case KeyAlgorithm::ec_p256:
        case KeyAlgorithm::ec_p384:
        case KeyAlgorithm::ec_p521:
            break;
    }
    return Family::ecdsa;
}

const Scheme* find_scheme(base::BytesView object_id) {
    const auto found = std::ranges::find_if(schemes(), [&](const Scheme& scheme) {
        return std::ranges::equal(scheme.object_id, object_id);
    });
    return found == schemes().end() ? nullptr : &*found;
}

const Scheme& scheme_for(const crypto::PublicKey& key) {
    switch (key.algorithm()) {
        case KeyAlgorithm::rsa:
            return *find_scheme(asn1::oid::rsa_sha256);
        case KeyAlgorithm::ec_p384:
            return *find_scheme(asn1::oid::ecdsa_sha384);
        case KeyAlgorithm::ec_p521:
            return *find_scheme(asn1::oid::ecdsa_sha512);
        case KeyAlgorithm::ed25519:
            return *find_scheme(asn1::oid::ed25519);
        case KeyAlgorithm::ec_p256:
            break;
    }
    return *find_scheme(asn1::oid::ecdsa_sha256);
}

/// The algorithm's name as OpenSSL knows it, or its dotted text.
std::string name_of(base::BytesView object_id) {
    asn1::Writer writer;
    writer.element(asn1::tag::object_identifier, object_id);
    const std::uint8_t* at = writer.view().data();
    const crypto::Asn1ObjectHandle object(
        d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(writer.view().size())));
    std::array<char, 80> text{};
    if (!object || OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object.get(), 0) <= 0) {
        return "unknown";
    }
    return text.data();
}

/// An ECDSA signature as X.509 has it (RFC 3279 section 2.2.3), out of r and s side by side.
base::Bytes ecdsa_der(base::BytesView side_by_side) {
    const auto middle = side_by_side.size() / 2;
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.natural_number(side_by_side.first(middle));
        writer.natural_number(side_by_side.subspan(middle));
    });
    return std::move(writer).take();
}

}  // namespace

base::BytesView signature_algorithm_for(const crypto::PublicKey& key) {
    return scheme_for(key).identifier;
}

base::Bytes sign_x509(const crypto::PrivateKey& key, base::BytesView to_be_signed) {
    return crypto::sign_raw(key, scheme_for(key.public_key()).digest(), to_be_signed);
}

base::Bytes signed_object(base::BytesView to_be_signed, base::BytesView algorithm,
                          base::BytesView signature) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.raw(to_be_signed);
        writer.raw(algorithm);
        writer.octet_aligned_bits(signature);
    });
    return std::move(writer).take();
}

base::Bytes sign_object(const crypto::PrivateKey& key, base::BytesView to_be_signed) {
    return signed_object(to_be_signed, signature_algorithm_for(key.public_key()),
                         sign_x509(key, to_be_signed));
}

base::Bytes sign_x509(const crypto::Signer& signer, base::BytesView to_be_signed) {
    auto signature = signer.sign(to_be_signed);
    if (family_of(signer.public_key()) == Family::ecdsa) signature = ecdsa_der(signature);
    return signature;
}

base::Bytes sign_object(const crypto::Signer& signer, base::BytesView to_be_signed) {
    return signed_object(to_be_signed, signature_algorithm_for(signer.public_key()),
                         sign_x509(signer, to_be_signed));
}

base::Result<void> verify_x509(const crypto::PublicKey& key, base::BytesView algorithm,
                               base::BytesView data, base::BytesView signature) {
    asn1::Failure failure;
    asn1::Reader reader(algorithm, failure);
    asn1::Reader identifier = reader.inside(asn1::tag::sequence, "the signature algorithm");
    const base::BytesView object_id =
        identifier.element(asn1::tag::object_identifier, "the signature algorithm").content;
    if (failure) return std::unexpected(*failure);

    const Scheme* const scheme = find_scheme(object_id);
    if (scheme == nullptr) {
        return base::fail("the signature algorithm " + name_of(object_id) +
                          " is not accepted; SHA-256, SHA-384, SHA-512 and Ed25519 are");
    }
    // RFC 4055 section 5: RSA's NULL must be accepted when it is absent, too.
    if (scheme->family == Family::rsa && identifier.next_is(asn1::tag::null)) {
        identifier.element(asn1::tag::null, "the signature algorithm's parameters");
    }
    identifier.end("the signature algorithm");
    if (failure) return std::unexpected(*failure);
    if (scheme->family != family_of(key)) {
        return base::fail("the signature algorithm does not fit the key");
    }
    if (!crypto::verify_raw(key, scheme->digest(), data, signature))
        return base::fail("the signature does not verify under the key");
    return {};
}

}  // namespace cairn::pki
