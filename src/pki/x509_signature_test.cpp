#include "pki/x509_signature.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asn1/der.h"

namespace cairn::pki::x509_signature_test {
namespace {

using crypto::KeyType;
using ::testing::HasSubstr;

base::Bytes octets(std::string_view hex) {
    return base::from_hex(hex).value();
}

constexpr std::string_view data = "to be signed";

/// The parts of what `sign_object` puts together.
struct Signed {
    explicit Signed(const crypto::PrivateKey& key) {
        asn1::Writer writer;
        writer.element(asn1::tag::octet_string, data);
        encoding = sign_object(key, writer.view());
        asn1::Failure failure;
        asn1::Reader reader(encoding, failure);
        asn1::Reader parts = reader.inside(asn1::tag::sequence, "all");
        to_be_signed = parts.element("to be signed").whole;
        algorithm = parts.element("algorithm").whole;
        signature = parts.octet_aligned_bits("signature");
        parts.end("all");
        EXPECT_FALSE(failure);
        EXPECT_TRUE(asn1::check(encoding));
    }
    base::Bytes encoding;
    base::BytesView to_be_signed, algorithm, signature;
};

struct Case {
    KeyType type;
    std::string_view algorithm;
};

class EachKeyType : public ::testing::TestWithParam<Case> {};

TEST_P(EachKeyType, SignsWithTheAlgorithmThatFitsIt) {
    const auto key = crypto::PrivateKey::generate(GetParam().type);
    const Signed object(key);
    EXPECT_EQ(base::to_hex(object.algorithm), GetParam().algorithm);
    EXPECT_TRUE(
        verify_x509(key.public_key(), object.algorithm, object.to_be_signed, object.signature));

    base::Bytes forged = base::copy_of(object.signature);
    forged.back() ^= 1U;
    const auto verified =
        verify_x509(key.public_key(), object.algorithm, object.to_be_signed, forged);
    ASSERT_FALSE(verified);
    EXPECT_THAT(verified.error().message, HasSubstr("does not verify"));
    EXPECT_FALSE(
        verify_x509(key.public_key(), object.algorithm, base::bytes_of(data), object.signature));
    EXPECT_FALSE(verify_x509(key.public_key(), object.algorithm, object.to_be_signed, {}));

    const auto other = crypto::PrivateKey::generate(GetParam().type);
    EXPECT_FALSE(
        verify_x509(other.public_key(), object.algorithm, object.to_be_signed, object.signature));
}

INSTANTIATE_TEST_SUITE_P(X509Signature, EachKeyType,
                         ::testing::Values(Case{KeyType::ec_p256, "300a06082a8648ce3d040302"},
                                           Case{KeyType::ec_p384, "300a06082a8648ce3d040303"},
                                           Case{KeyType::rsa2048, "300d06092a864886f70d01010b0500"},
                                           Case{KeyType::ed25519, "300506032b6570"}),
                         [](const auto& instance) {
                             std::string name(to_string(instance.param.type));
                             std::erase(name, '-');
                             return name;
                         });

TEST(X509Signature, TakesRsaWithoutParameters) {
    const auto key = crypto::PrivateKey::generate(KeyType::rsa2048);
    const Signed object(key);
    EXPECT_TRUE(verify_x509(key.public_key(), octets("300b06092a864886f70d01010b"),
                            object.to_be_signed, object.signature));
}

TEST(X509Signature, RefusesOtherAlgorithms) {
    const auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const Signed object(key);
    struct Refusal {
        std::string_view algorithm, reason;
    };
    for (const auto& [algorithm, reason] : {
             Refusal{"300906072a8648ce3d0401", "ecdsa-with-SHA1 is not accepted"},
             Refusal{"300d06092a864886f70d0101050500", "sha1WithRSAEncryption is not accepted"},
             Refusal{"300d06092a864886f70d0101040500", "md5WithRSAEncryption is not accepted"},
             Refusal{"300d06092a864886f70d01010a3000", "rsassaPss is not accepted"},
             Refusal{"300406022a03", "1.2.3 is not accepted"},
             Refusal{"300c06082a8648ce3d0403020500", "has more in it"},
             Refusal{"300a06082a8648ce3d040303", "does not verify"},
             Refusal{"300d06092a864886f70d01010b0500", "does not fit the key"},
             Refusal{"300506032b6570", "does not fit the key"},
             Refusal{"3000", "missing"},
             Refusal{"0500", "has the tag"},
         }) {
        const auto verified =
            verify_x509(key.public_key(), octets(algorithm), object.to_be_signed, object.signature);
        ASSERT_FALSE(verified) << algorithm;
        EXPECT_THAT(verified.error().message, HasSubstr(reason)) << algorithm;
    }
}

}  // namespace
}  // namespace cairn::pki::x509_signature_test
