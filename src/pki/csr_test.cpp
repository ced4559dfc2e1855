#include "pki/csr.h"

#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "crypto/openssl.h"
#include "pki/extension.h"
#include "pki/general_names.h"
#include "pki/x509_signature.h"

namespace cairn::pki::csr_test {
namespace {

using crypto::KeyType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

base::Bytes octets(std::string_view hex) {
    return base::from_hex(hex).value();
}

const crypto::PrivateKey& ec_key() {
    static const crypto::PrivateKey key = crypto::PrivateKey::generate(KeyType::ec_p256);
    return key;
}

SubjectNames dns(std::vector<std::string> names) {
    return {std::move(names), {}, 0};
}

std::vector<std::string> messages(const std::vector<base::Error>& findings) {
    std::vector<std::string> result;
    result.reserve(findings.size());
    for (const base::Error& finding : findings) result.push_back(finding.message);
    return result;
}

std::vector<std::string> refusal(base::BytesView der) {
    const auto csr = Csr::from_der(der);
    return csr ? std::vector<std::string>() : messages(csr.error());
}

// The parts of a request, so that each can be wrong by itself.

base::Bytes extension(base::BytesView object_id, std::string_view value_hex) {
    asn1::Writer writer;
    write_extension(writer, object_id, Criticality::non_critical,
                    [&] { writer.raw(octets(value_hex)); });
    return std::move(writer).take();
}

base::Bytes san(const SubjectNames& names) {
    asn1::Writer writer;
    write_extension(writer, asn1::oid::subject_alt_name, Criticality::non_critical,
                    [&] { write_general_names(writer, names); });
    return std::move(writer).take();
}

base::Bytes attribute(base::BytesView type, const std::vector<base::Bytes>& values) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.element(asn1::tag::object_identifier, type);
        writer.nested(asn1::tag::set, [&] {
            for (const base::Bytes& value : values) writer.raw(value);
        });
    });
    return std::move(writer).take();
}

base::Bytes sequence(const std::vector<base::Bytes>& elements) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        for (const base::Bytes& element : elements) writer.raw(element);
    });
    return std::move(writer).take();
}

base::Bytes extension_request(const std::vector<base::Bytes>& extensions) {
    return attribute(asn1::oid::extension_request, {sequence(extensions)});
}

struct Request {
    std::string version = "020100";
    std::vector<std::pair<std::uint8_t, std::string>> common_names = {};
    base::Bytes public_key = ec_key().public_key().spki();
    std::vector<base::Bytes> attributes = {extension_request({san(dns({"a.example"}))})};
    std::string after_attributes = {};

    [[nodiscard]] base::Bytes info() const {
        asn1::Writer writer;
        writer.nested(asn1::tag::sequence, [&] {
            writer.raw(octets(version));
            writer.nested(asn1::tag::sequence, [&] {
                for (const auto& [tag, value] : common_names) {
                    writer.nested(asn1::tag::set, [&] {
                        writer.nested(asn1::tag::sequence, [&] {
                            writer.element(asn1::tag::object_identifier, asn1::oid::common_name);
                            writer.element(tag, value);
                        });
                    });
                }
            });
            writer.raw(public_key);
            writer.nested(asn1::tag::context_constructed(0), [&] {
                for (const base::Bytes& one : attributes) writer.raw(one);
            });
            writer.raw(octets(after_attributes));
        });
        return std::move(writer).take();
    }
    [[nodiscard]] base::Bytes sign() const { return sign_object(ec_key(), info()); }
};

class CsrOfEachKeyType : public ::testing::TestWithParam<KeyType> {};

TEST_P(CsrOfEachKeyType, IsMadeAndReadBack) {
    const auto key = crypto::PrivateKey::generate(GetParam());
    SubjectNames names = dns({"a.example", "*.b.example"});
    names.ip_addresses = {base::IpAddress::from_text("192.0.2.1").value(),
                          base::IpAddress::from_text("2001:db8::1").value()};
    const base::Bytes der = make_csr(key, names);
    const auto csr = Csr::from_der(der);
    ASSERT_TRUE(csr) << ::testing::PrintToString(messages(csr.error()));
    EXPECT_EQ(csr->der(), der);
    EXPECT_EQ(csr->public_key(), key.public_key());
    EXPECT_EQ(csr->names(), names);
    EXPECT_THAT(csr->common_names(), IsEmpty());
    EXPECT_FALSE(csr->must_staple());

    // OpenSSL sees the same.
    const std::uint8_t* at = der.data();
    const crypto::X509RequestHandle request(
        d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
    ASSERT_TRUE(request);
    EXPECT_EQ(at, der.data() + der.size());
    EXPECT_EQ(X509_REQ_get_version(request.get()), X509_REQ_VERSION_1);
    EXPECT_EQ(X509_REQ_verify(request.get(), key.public_key().handle()), 1);
    EXPECT_EQ(X509_NAME_entry_count(X509_REQ_get_subject_name(request.get())), 0);
}

INSTANTIATE_TEST_SUITE_P(Csr, CsrOfEachKeyType,
                         ::testing::Values(KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa2048,
                                           KeyType::ed25519),
                         [](const auto& instance) {
                             std::string name(to_string(instance.param));
                             std::erase(name, '-');
                             return name;
                         });

/// A device that gives an ECDSA signature with r = 1 and s = 2^255.
class OddDevice final : public crypto::KeyHolder {
  public:
    [[nodiscard]] const crypto::PublicKey& public_key() const override {
        return ec_key().public_key();
    }
    [[nodiscard]] base::Bytes sign(base::BytesView) const override {
        base::Bytes signature(64);
        signature[31] = 1;
        signature[32] = 0x80;
        return signature;
    }
};

TEST(Csr, HasASignatureOfADeviceInTheFormOfX509) {
    const auto der = make_csr(crypto::Signer(std::make_shared<OddDevice>()), dns({"a.example"}));
    // RFC 3279 section 2.2.3: INTEGERs without leading zeros, but for the sign.
    const auto expected =
        "3026"
        "020101"
        "02210080" +
        std::string(62, '0');
    EXPECT_THAT(base::to_hex(der), ::testing::EndsWith("00" + expected));
}

TEST(Csr, IsReadAgainWithoutItsSignature) {
    base::Bytes der = make_csr(ec_key(), dns({"a.example"}));
    der.back() ^= 1;
    EXPECT_FALSE(Csr::from_der(der));
    const auto kept = Csr::from_kept_der(der);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->names(), dns({"a.example"}));
    der.pop_back();
    EXPECT_FALSE(Csr::from_kept_der(der));
}

TEST(Csr, AsksForMustStaple) {
    const auto csr = Csr::from_der(make_csr(ec_key(), dns({"a.example"}), {.must_staple = true}));
    ASSERT_TRUE(csr);
    EXPECT_TRUE(csr->must_staple());
}

TEST(Csr, MakesNoRequestWithoutNames) {
    EXPECT_THROW(static_cast<void>(make_csr(ec_key(), {})), std::invalid_argument);
}

TEST(Csr, LooksForStatusRequestAmongTlsFeatures) {
    struct Case {
        std::string_view features;
        bool must_staple;
    };
    for (const auto& [features, must_staple] :
         {Case{"3003020105", true}, Case{"3006020111020105", true}, Case{"3003020111", false},
          Case{"300402020105", false}, Case{"3000", false}}) {
        const auto csr = Csr::from_der(Request{
            .attributes = {extension_request({extension(asn1::oid::tls_feature, features)})}}
                                           .sign());
        ASSERT_TRUE(csr) << features;
        EXPECT_EQ(csr->must_staple(), must_staple) << features;
    }
}

/// What `openssl req` made of a subject with a common name, and the attributes challengePassword
/// and extensionRequest with CA:TRUE, subjectAltName (an e-mail address, too) and TLS feature.
constexpr std::string_view openssl_request =
    "3082017c30820122020100303e310b300906035504061302444531153013060355040a0c0c42c3bc63686572"
    "20476d62483118301606035504030c0f7777772e6578616d706c652e636f6d3059301306072a8648ce3d0201"
    "06082a8648ce3d0301070342000435be9499079988f96e157a4c6e5a927e9d7d7a4255a32145307dd2bd3a66"
    "39836b7c11328e11dff918021078bdadddfaf7e699fb0c5f51344d8ffd75983e4ce8a08181301506092a8648"
    "86f70d01090731080c06736563726574306806092a864886f70d01090e315b3059300c0603551d1304053003"
    "0101ff30360603551d11042f302d820f7777772e6578616d706c652e636f6d820b6578616d706c652e636f6d"
    "810d61406578616d706c652e636f6d301106082b0601050507011804053003020105300a06082a8648ce3d04"
    "0302034800304502203d0836f80a02ac7ba49488bfc391e596363352bd0ef1714bacc6c6bce185aeb5022100"
    "d8dddea9a3e84086c73a37510dfae1dbf9ad81b35a8ac0e7082fbc2b37c36f93";

TEST(Csr, TakesWhatOpensslMakes) {
    const auto csr = Csr::from_der(octets(openssl_request));
    ASSERT_TRUE(csr) << ::testing::PrintToString(messages(csr.error()));
    EXPECT_THAT(csr->common_names(), ElementsAre("www.example.com"));
    EXPECT_THAT(csr->names().dns_names, ElementsAre("www.example.com", "example.com"));
    EXPECT_EQ(csr->names().other_names, 1U);
    EXPECT_TRUE(csr->must_staple());
}

TEST(Csr, KeepsCaseOrderAndDuplicatesOfNames) {
    const auto csr = Csr::from_der(
        Request{.common_names = {{asn1::tag::printable_string, "B.example"},
                                 {asn1::tag::utf8_string, "a.example"},
                                 {asn1::tag::ia5_string, ""}},
                .attributes = {extension_request(
                    {san(dns({"B.example", "a.example", "b.example", "B.example"}))})}}
            .sign());
    ASSERT_TRUE(csr);
    EXPECT_THAT(csr->common_names(), ElementsAre("B.example", "a.example", ""));
    EXPECT_THAT(csr->names().dns_names,
                ElementsAre("B.example", "a.example", "b.example", "B.example"));
}

TEST(Csr, TakesRequestsWithoutNames) {
    for (const auto& attributes : std::vector<std::vector<base::Bytes>>{
             {},
             {extension_request({})},
             {extension_request({extension(asn1::oid::key_usage, "0500")})}}) {
        const auto csr = Csr::from_der(Request{.attributes = attributes}.sign());
        ASSERT_TRUE(csr);
        EXPECT_EQ(csr->names(), SubjectNames());
    }
}

// What else is asked for has no place in a Csr.
// Check 133.
TEST(Csr, PassesOverOtherExtensions) {
    const auto csr = Csr::from_der(Request{
        .attributes = {extension_request({
            extension(asn1::oid::basic_constraints, "30030101ff"),
            extension(asn1::oid::key_usage, "03020106"),
            extension(asn1::oid::extended_key_usage, "300a06082b06010505070303"),
            extension(asn1::oid::certificate_policies, "ffff"),
            san(dns({"a.example"})),
        })}}.sign());
    ASSERT_TRUE(csr);
    EXPECT_EQ(csr->names(), dns({"a.example"}));
}

// Check 132.
TEST(Csr, SaysWhyItRefuses) {
    struct Case {
        Request request;
        std::string_view reason;
    };
    const base::Bytes good_san = san(dns({"a.example"}));
    const base::Bytes p224_key = octets(
        "304e301006072a8648ce3d020106052b81040021033a0004"
        "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21"
        "bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34");
    for (const auto& [request, reason] : {
             Case{{.version = "020103"}, "not of version 1"},
             Case{{.version = "0201ff"}, "not of version 1"},
             Case{{.version = "02020100"}, "not of version 1"},
             Case{{.version = "0500"}, "the version has the tag 05"},
             Case{{.common_names = {{0x1e, "\0a"}}}, "common name"},
             Case{{.common_names = {{0x14, "a.example"}}}, "common name"},
             Case{{.common_names = {{asn1::tag::utf8_string, "\xc3\xa4.example"}}},
                  "common name \"??.example\""},
             Case{{.common_names = {{asn1::tag::utf8_string, std::string("a\0b", 3)}}},
                  "common name \"a?b\""},
             Case{{.public_key = p224_key}, "public key"},
             Case{{.public_key = octets("3000")}, "public key"},
             Case{{.attributes = {extension_request({good_san, good_san})}},
                  "subjectAltName is there more than once"},
             Case{{.attributes = {extension_request({good_san}), extension_request({good_san})}},
                  "extensionRequest is there more than once"},
             Case{{.attributes = {attribute(asn1::oid::extension_request, {})}}, "missing"},
             Case{{.attributes = {attribute(asn1::oid::extension_request,
                                            {sequence({good_san}), sequence({good_san})})}},
                  "extensionRequest has more in it"},
             Case{{.attributes = {attribute(asn1::oid::extension_request, {octets("0500")})}},
                  "the extensions has the tag 05"},
             Case{{.attributes = {extension_request({octets("300f0603551d11010100040530038201"
                                                            "61")})}},
                  "not TRUE"},
             Case{{.attributes = {extension_request({octets("30020500")})}}, "identifier"},
             Case{{.attributes = {octets("0500")}}, "an attribute has the tag 05"},
             Case{{.attributes = {attribute(asn1::oid::organization, {}),
                                  attribute(asn1::oid::common_name, {})}},
                  "attributes are not sorted"},
             Case{{.after_attributes = "0500"}, "certificationRequestInfo has more in it"},
             Case{{.attributes = {extension_request(
                       {extension(asn1::oid::subject_alt_name, "3000")})}},
                  "subjectAltName is empty"},
             Case{{.attributes = {extension_request({extension(asn1::oid::subject_alt_name, "")})}},
                  "subjectAltName: the encoding ends"},
             Case{{.attributes = {extension_request(
                       {extension(asn1::oid::subject_alt_name, "300382016100")})}},
                  "subjectAltName: there are octets after the end"},
             Case{{.attributes = {extension_request({extension(asn1::oid::subject_alt_name,
                                                               "3081038201"
                                                               "61")})}},
                  "subjectAltName: a length is not the shortest"},
             Case{{.attributes = {extension_request({extension(asn1::oid::subject_alt_name,
                                                               "300f820d612e6578616d706c650065"
                                                               "7669")})}},
                  "dNSName \"a.example?evi\""},
             Case{
                 {.attributes = {extension_request({extension(asn1::oid::tls_feature, "020105")})}},
                 "TLS feature"},
             Case{{.attributes = {extension_request(
                       {extension(asn1::oid::tls_feature, "3003040105")})}},
                  "TLS feature"},
             Case{
                 {.attributes = {extension_request({extension(asn1::oid::tls_feature, "3003020105"),
                                                    extension(asn1::oid::tls_feature, "3000")})}},
                 "TLS feature extension is there more than once"},
         }) {
        EXPECT_THAT(refusal(request.sign()), ElementsAre(HasSubstr(reason))) << reason;
    }
}

// Check 130.
TEST(Csr, RefusesWeakDigests) {
    const auto key = crypto::PrivateKey::generate(KeyType::rsa2048);
    struct Case {
        const EVP_MD* digest;
        std::string_view name;
    };
    for (const auto& [digest, name] :
         {Case{EVP_sha1(), "sha1WithRSAEncryption"}, Case{EVP_md5(), "md5WithRSAEncryption"}}) {
        const crypto::X509RequestHandle request(X509_REQ_new());
        ASSERT_EQ(X509_REQ_set_pubkey(request.get(), key.handle()), 1);
        ASSERT_GT(X509_REQ_sign(request.get(), key.handle(), digest), 0);
        base::Bytes der(static_cast<std::size_t>(i2d_X509_REQ(request.get(), nullptr)));
        std::uint8_t* at = der.data();
        i2d_X509_REQ(request.get(), &at);
        EXPECT_THAT(refusal(der), ElementsAre(HasSubstr(name)));
    }
}

// Verifying takes milliseconds with an exponent as long as the modulus.
TEST(Csr, JudgesTheSizeOfAKeyBeforeItComputes) {
    const base::Bytes sound(256, 0xd1);
    for (const auto& [modulus, exponent, reason] :
         {std::tuple(sound, base::Bytes(256, 0xc1), "RSA exponent is above 2^256"),
          std::tuple(base::Bytes(1025, 0xd1), base::Bytes{1, 0, 1}, "more than 8192 bits"),
          std::tuple(base::Bytes(255, 0xd1), base::Bytes{1, 0, 1}, "fewer than 2048 bits")}) {
        const auto key = crypto::PublicKey::from_rsa(modulus, exponent).value();
        // A wrong signature, which is not looked at here.
        EXPECT_THAT(refusal(Request{.public_key = key.spki()}.sign()),
                    ElementsAre(HasSubstr(reason)));
    }
}

// Some clients write the version as certificates do, where 2 means version 3.
TEST(Csr, TakesTheVersionsThatClientsWrite) {
    for (const char* version : {"020100", "020101", "020102"})
        EXPECT_THAT(refusal(Request{.version = version}.sign()), IsEmpty()) << version;
}

TEST(Csr, TakesStrongerDigests) {
    const auto key = crypto::PrivateKey::generate(KeyType::rsa2048);
    for (const EVP_MD* digest : {EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
        const crypto::X509RequestHandle request(X509_REQ_new());
        ASSERT_EQ(X509_REQ_set_pubkey(request.get(), key.handle()), 1);
        ASSERT_GT(X509_REQ_sign(request.get(), key.handle(), digest), 0);
        base::Bytes der(static_cast<std::size_t>(i2d_X509_REQ(request.get(), nullptr)));
        std::uint8_t* at = der.data();
        i2d_X509_REQ(request.get(), &at);
        EXPECT_THAT(refusal(der), IsEmpty());
    }
}

TEST(Csr, ReportsAllFindings) {
    Request request{.version = "020104",
                    .common_names = {{0x1e, "ab"}, {asn1::tag::utf8_string, "\x7f"}},
                    .attributes = {extension_request(
                        {extension(asn1::oid::subject_alt_name, "3006820087020102"),
                         extension(asn1::oid::tls_feature, "0500")})}};
    base::Bytes der = request.sign();
    der.back() ^= 1U;
    EXPECT_THAT(
        refusal(der),
        ElementsAre(HasSubstr("version"), HasSubstr("common name"), HasSubstr("common name"),
                    HasSubstr("subjectAltName entry 1"), HasSubstr("subjectAltName entry 2"),
                    HasSubstr("TLS feature"), HasSubstr("signature does not verify")));
}

TEST(Csr, RefusesWhatIsNotOneRequest) {
    const base::Bytes good = make_csr(ec_key(), dns({"a.example"}));
    base::Bytes trailing = good;
    trailing.push_back(0);
    EXPECT_THAT(refusal(trailing), ElementsAre(HasSubstr("after the end")));
    EXPECT_THAT(refusal(base::bytes_of("-----BEGIN CERTIFICATE REQUEST-----\n")),
                ElementsAre(HasSubstr("not DER")));
    EXPECT_THAT(refusal(base::Bytes(Csr::max_size + 1, 0x30)), ElementsAre(HasSubstr("32768")));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_THAT(refusal(base::BytesView(good).first(size)), SizeIs(1)) << size;
    }
}

// Check 130.
TEST(Csr, RefusesEveryFlippedBit) {
    const base::Bytes good = make_csr(ec_key(), dns({"a.example"}), {.must_staple = true});
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        base::Bytes bad = good;
        bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(Csr::from_der(bad)) << "bit " << bit;
    }
}

TEST(Csr, RefusesASignatureByAnotherKey) {
    const auto other = crypto::PrivateKey::generate(KeyType::ec_p256);
    EXPECT_THAT(refusal(sign_object(other, Request().info())),
                ElementsAre(HasSubstr("does not verify")));
}

TEST(Csr, TakesAsManyNamesAsFit) {
    std::vector<std::string> names;
    for (int i = 0; i < 1500; ++i) names.push_back("name-" + std::to_string(i) + ".example");
    const base::Bytes der = make_csr(ec_key(), dns(names));
    ASSERT_LE(der.size(), Csr::max_size);
    const auto csr = Csr::from_der(der);
    ASSERT_TRUE(csr);
    EXPECT_EQ(csr->names().dns_names, names);
}

}  // namespace
}  // namespace cairn::pki::csr_test
