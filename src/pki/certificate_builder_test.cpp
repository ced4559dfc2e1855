#include "pki/certificate_builder.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asn1/der.h"
#include "crypto/digest.h"
#include "crypto/openssl.h"

namespace cairn::pki::certificate_builder_test {
namespace {

using crypto::KeyType;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

base::Bytes octets(std::string_view hex) {
    return base::from_hex(hex).value();
}
base::Time moment(std::string_view text) {
    return base::from_rfc3339(text).value();
}
SerialNumber serial(std::string_view hex) {
    return SerialNumber::from_hex(hex).value();
}

constexpr base::Time start = std::chrono::sys_days(2026y / 11 / 22) + 1h + 2min + 3s;

/// The private key of RFC 8410 section 10.3; Ed25519 signs the same each time.
const crypto::PrivateKey& example_key() {
    static const crypto::PrivateKey key =
        crypto::PrivateKey::from_pem(
            "-----BEGIN PRIVATE KEY-----\n"
            "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
            "-----END PRIVATE KEY-----\n")
            .value();
    return key;
}

/// The public key of RFC 7515 appendix A.3.
constexpr std::string_view example_spki =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200"
    "047fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
    "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad";

AuthorityCertificateFields root_fields() {
    return {.serial = serial("01"),
            .validity = {start, start + 87600h - 1s},
            .common_name = "Example Root",
            .organization = "Example",
            .path_length = {}};
}

/// A CA with a key of this type.
struct Authority {
    explicit Authority(KeyType type) : Authority(crypto::PrivateKey::generate(type)) {}
    explicit Authority(crypto::PrivateKey private_key)
        : key(std::move(private_key)), certificate(make_root_certificate(root_fields(), key)) {}
    crypto::PrivateKey key;
    Certificate certificate;
};

ServerCertificateFields server_fields(const crypto::PublicKey& key) {
    return {.serial = serial("87654321"),
            .validity = {start, start + 90 * 24h - 1s},
            .public_key = key,
            .names = {{"a.example"}, {base::IpAddress::from_text("192.0.2.1").value()}, 0},
            .common_name = {},
            .issuer_url = "http://ca.example/issuer"};
}

/// The value of the only extension with this identifier, in hexadecimal.
std::string value_of(const Certificate& certificate, std::string_view oid) {
    const auto found = certificate.extensions(oid);
    return found.size() == 1 ? base::to_hex(found[0].value) : "not there once";
}

bool is_critical(const Certificate& certificate, std::string_view oid) {
    const auto found = certificate.extensions(oid);
    return found.size() == 1 && found[0].critical;
}

constexpr std::string_view key_usage_id = "2.5.29.15";
constexpr std::string_view crl_distribution_points = "2.5.29.31";
constexpr std::string_view subject_key_identifier = "2.5.29.14";
constexpr std::string_view subject_alt_name = "2.5.29.17";
constexpr std::string_view basic_constraints = "2.5.29.19";
constexpr std::string_view certificate_policies = "2.5.29.32";
constexpr std::string_view authority_key_identifier = "2.5.29.35";
constexpr std::string_view extended_key_usage = "2.5.29.37";
constexpr std::string_view authority_information_access = "1.3.6.1.5.5.7.1.1";
constexpr std::string_view acme_identifier = "1.3.6.1.5.5.7.1.31";

// The leftmost 160 bits of the SHA-256 of the example key (RFC 7093 section 2).
std::string example_key_id() {
    return base::to_hex(
        base::BytesView(crypto::sha256(example_key().public_key().ed25519_raw())).first(20));
}

TEST(ServerCertificate, IsExact) {
    const Authority authority(example_key());
    const auto key = crypto::PublicKey::from_spki(octets(example_spki)).value();
    const Certificate leaf =
        make_server_certificate(server_fields(key), authority.certificate, authority.key);

    const std::string to_be_signed =
        "3082017f"
        "a003020102"                                                 // v3
        "02050087654321"                                             // serial
        "300506032b6570"                                             // Ed25519
        "3029"                                                       // issuer
        "3110300e060355040a0c074578616d706c65"                       //   O=Example
        "311530130603550403 0c0c4578616d706c6520526f6f74"            //   CN=Example Root
        "301e"                                                       // validity
        "170d3236313132323031303230335a"                             //   261122010203Z
        "170d3237303232303031303230325a"                             //   270220010202Z
        "3000" +                                                     // subject
        std::string(example_spki) +                                  //
        "a381c13081be"                                               // extensions
        "300e0603551d0f0101ff040403020780"                           //   digitalSignature
        "30130603551d25040c300a06082b06010505070301"                 //   serverAuth
        "300c0603551d130101ff04023000"                               //   CA:FALSE
        "301f0603551d2304183016 8014" +                              //
        example_key_id() +                                           //
        "303406082b060105050701010428302630240608 2b06010505073002"  //  caIssuers
        "8618687474703a2f2f63612e6578616d706c652f697373756572"       //
        "301d0603551d110101ff041330118209612e6578616d706c65"         //   names
        "8704c0000201"                                               //
        "30130603551d20040c300a3008060667810c010201";                //   domain validated
    std::string expected = to_be_signed;
    std::erase(expected, ' ');
    asn1::Failure failure;
    asn1::Reader reader(leaf.der(), failure);
    asn1::Reader parts = reader.inside(asn1::tag::sequence, "certificate");
    EXPECT_EQ(base::to_hex(parts.element("tbsCertificate").whole), expected);
    EXPECT_EQ(base::to_hex(parts.element("algorithm").whole), "300506032b6570");
    EXPECT_THAT(parts.octet_aligned_bits("signature"), SizeIs(64));
    EXPECT_EQ(make_server_certificate(server_fields(key), authority.certificate, authority.key),
              leaf);
}

struct IssuerCase {
    KeyType type;
    int signature_algorithm;
};
class ServerCertificateOfEachIssuer : public ::testing::TestWithParam<IssuerCase> {};

TEST_P(ServerCertificateOfEachIssuer, IsTakenByOpenssl) {
    const Authority authority(GetParam().type);
    const auto leaf_key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const Certificate leaf = make_server_certificate(server_fields(leaf_key.public_key()),
                                                     authority.certificate, authority.key);
    EXPECT_TRUE(leaf.is_signed_by(authority.certificate));
    EXPECT_FALSE(leaf.is_self_signed());

    X509* const x509 = leaf.handle();
    EXPECT_EQ(X509_verify(x509, authority.key.handle()), 1);
    EXPECT_EQ(X509_get_signature_nid(x509), GetParam().signature_algorithm);
    EXPECT_EQ(X509_get_version(x509), X509_VERSION_3);
    EXPECT_EQ(X509_check_purpose(x509, X509_PURPOSE_SSL_SERVER, 0), 1);
    EXPECT_EQ(X509_check_purpose(x509, X509_PURPOSE_SSL_SERVER, 1), 0) << "as a CA";
    EXPECT_EQ(X509_check_purpose(x509, X509_PURPOSE_SSL_CLIENT, 0), 0);
    EXPECT_EQ(X509_check_issued(authority.certificate.handle(), x509), X509_V_OK);
    EXPECT_EQ(X509_get_extension_flags(x509) & EXFLAG_INVALID, 0U);
    EXPECT_EQ(X509_check_host(x509, "a.example", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_host(x509, "b.example", 0, 0, nullptr), 0);
    EXPECT_EQ(X509_check_ip_asc(x509, "192.0.2.1", 0), 1);
    EXPECT_EQ(X509_get_ext_count(x509), 7);
}

INSTANTIATE_TEST_SUITE_P(CertificateBuilder, ServerCertificateOfEachIssuer,
                         ::testing::Values(IssuerCase{KeyType::ec_p256, NID_ecdsa_with_SHA256},
                                           IssuerCase{KeyType::ec_p384, NID_ecdsa_with_SHA384},
                                           IssuerCase{KeyType::rsa2048,
                                                      NID_sha256WithRSAEncryption},
                                           IssuerCase{KeyType::ed25519, NID_ED25519}),
                         [](const auto& instance) {
                             std::string name(to_string(instance.param.type));
                             std::erase(name, '-');
                             return name;
                         });

// Check 146.
TEST(ServerCertificate, GivesRsaKeysKeyEncipherment) {
    const Authority authority(KeyType::ec_p256);
    for (const auto& [type, usage] :
         {std::pair(KeyType::rsa2048, "030205a0"), std::pair(KeyType::ec_p256, "03020780"),
          std::pair(KeyType::ec_p384, "03020780"), std::pair(KeyType::ed25519, "03020780")}) {
        const auto key = crypto::PrivateKey::generate(type).public_key();
        const Certificate leaf =
            make_server_certificate(server_fields(key), authority.certificate, authority.key);
        EXPECT_EQ(value_of(leaf, key_usage_id), usage);
        EXPECT_TRUE(is_critical(leaf, key_usage_id));
        EXPECT_EQ(leaf.public_key(), key);
    }
}

// Check 145.
TEST(ServerCertificate, HasCriticalNamesIffTheSubjectIsEmpty) {
    const Authority authority(KeyType::ec_p256);
    auto fields = server_fields(authority.key.public_key());
    const Certificate unnamed =
        make_server_certificate(fields, authority.certificate, authority.key);
    EXPECT_TRUE(is_critical(unnamed, subject_alt_name));
    EXPECT_EQ(unnamed.subject_common_name(), "");

    fields.common_name = "*.a.example";
    const Certificate named = make_server_certificate(fields, authority.certificate, authority.key);
    EXPECT_FALSE(is_critical(named, subject_alt_name));
    EXPECT_EQ(named.subject_common_name(), "*.a.example");
    EXPECT_EQ(named.names(), fields.names);
}

TEST(ServerCertificate, HasNoAccessInformationWithoutUrl) {
    const Authority authority(KeyType::ec_p256);
    auto fields = server_fields(authority.key.public_key());
    fields.issuer_url.clear();
    const Certificate leaf = make_server_certificate(fields, authority.certificate, authority.key);
    EXPECT_THAT(leaf.extensions(authority_information_access), IsEmpty());
    EXPECT_THAT(leaf.extensions(subject_key_identifier), IsEmpty());
}

TEST(ServerCertificate, HasWhatItsProfileSays) {
    const Authority authority(KeyType::ec_p256);
    auto fields = server_fields(crypto::PrivateKey::generate(KeyType::rsa2048).public_key());
    fields.crl_url = "http://ca.example/crl/1";
    const CertificateProfile profile{
        .purposes = {KeyPurpose::server_auth, KeyPurpose::client_auth},
        .usage_of_rsa = key_usage::digital_signature,
        .policies = {octets("67810c010201"), octets("2a0304")},
    };
    const Certificate leaf =
        make_server_certificate(fields, authority.certificate, authority.key, profile);
    EXPECT_EQ(value_of(leaf, key_usage_id), "03020780");
    EXPECT_EQ(value_of(leaf, extended_key_usage), "301406082b0601050507030106082b06010505070302");
    EXPECT_EQ(value_of(leaf, certificate_policies), "30113008060667810c010201300506032a0304");
    EXPECT_EQ(value_of(leaf, crl_distribution_points),
              "301f301da01ba0198617" + base::to_hex(base::bytes_of(fields.crl_url)));
    EXPECT_FALSE(is_critical(leaf, crl_distribution_points));
    EXPECT_EQ(X509_check_purpose(leaf.handle(), X509_PURPOSE_SSL_SERVER, 0), 1);
    EXPECT_EQ(X509_check_purpose(leaf.handle(), X509_PURPOSE_SSL_CLIENT, 0), 1);
    EXPECT_EQ(X509_get_extension_flags(leaf.handle()) & EXFLAG_INVALID, 0U);
}

// Check 144.
TEST(ServerCertificate, HasExactlyTheValidityGiven) {
    const Authority authority(KeyType::ec_p256);
    auto fields = server_fields(authority.key.public_key());
    fields.validity = {moment("2049-12-31T23:59:59Z"), moment("2050-01-01T00:00:00Z")};
    const Certificate leaf = make_server_certificate(fields, authority.certificate, authority.key);
    EXPECT_EQ(leaf.not_before(), fields.validity.not_before);
    EXPECT_EQ(leaf.not_after(), fields.validity.not_after);
    EXPECT_EQ(X509_get0_notBefore(leaf.handle())->type, V_ASN1_UTCTIME);
    EXPECT_EQ(X509_get0_notAfter(leaf.handle())->type, V_ASN1_GENERALIZEDTIME);
}

TEST(ServerCertificate, RefusesWhatCannotBe) {
    const Authority authority(KeyType::ec_p256);
    const Authority other(KeyType::ec_p256);
    const auto fields = server_fields(authority.key.public_key());
    const auto refused = [&](const auto& change) {
        auto changed = fields;
        change(changed);
        EXPECT_THROW(static_cast<void>(
                         make_server_certificate(changed, authority.certificate, authority.key)),
                     std::logic_error);
    };
    refused([](auto& f) { f.names = {}; });
    refused([](auto& f) { f.names.other_names = 1; });
    refused([](auto& f) { f.names.dns_names = {"a b"}; });
    refused([](auto& f) { f.common_name = std::string(65, 'a'); });
    refused([](auto& f) { std::swap(f.validity.not_before, f.validity.not_after); });
    refused([](auto& f) { f.validity.not_after = std::chrono::sys_days(10000y / 1 / 1); });

    EXPECT_THROW(
        static_cast<void>(make_server_certificate(fields, authority.certificate, other.key)),
        std::logic_error);
    const Certificate leaf = make_server_certificate(fields, authority.certificate, authority.key);
    EXPECT_THROW(static_cast<void>(make_server_certificate(fields, leaf, authority.key)),
                 std::logic_error)
        << "a leaf has no subject key identifier to refer to";
}

TEST(RootCertificate, IsSelfSigned) {
    const Authority authority(example_key());
    const Certificate& root = authority.certificate;
    EXPECT_TRUE(root.is_self_signed());
    EXPECT_TRUE(root.is_signed_by(root));
    EXPECT_TRUE(root.is_ca());
    EXPECT_EQ(root.subject_common_name(), "Example Root");
    EXPECT_EQ(root.issuer_common_name(), "Example Root");
    EXPECT_EQ(value_of(root, basic_constraints), "30030101ff");
    EXPECT_TRUE(is_critical(root, basic_constraints));
    EXPECT_EQ(value_of(root, key_usage_id), "03020186");
    EXPECT_TRUE(is_critical(root, key_usage_id));
    EXPECT_EQ(value_of(root, subject_key_identifier), "0414" + example_key_id());
    EXPECT_EQ(value_of(root, authority_key_identifier), "30168014" + example_key_id());
    EXPECT_EQ(X509_get_ext_count(root.handle()), 4);
    EXPECT_EQ(X509_check_purpose(root.handle(), X509_PURPOSE_SSL_SERVER, 1), 1);
    EXPECT_EQ(X509_get_extension_flags(root.handle()) & EXFLAG_INVALID, 0U);
}

TEST(IntermediateCertificate, IsConstrained) {
    const Authority authority(KeyType::ec_p384);
    const auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const AuthorityCertificateFields fields{.serial = serial("02"),
                                            .validity = {start, start + 43800h - 1s},
                                            .common_name = "Example E1",
                                            .organization = "",
                                            .path_length = 0,
                                            .purposes = {KeyPurpose::server_auth}};
    const Certificate intermediate = make_intermediate_certificate(
        fields, key.public_key(), authority.certificate, authority.key);
    EXPECT_TRUE(intermediate.is_signed_by(authority.certificate));
    EXPECT_TRUE(intermediate.is_ca());
    EXPECT_EQ(intermediate.subject_common_name(), "Example E1");
    EXPECT_EQ(intermediate.authority_key_id(), authority.certificate.subject_key_id());
    EXPECT_NE(intermediate.subject_key_id(), authority.certificate.subject_key_id());
    EXPECT_EQ(value_of(intermediate, basic_constraints), "30060101ff020100");
    EXPECT_EQ(value_of(intermediate, extended_key_usage), "300a06082b06010505070301");
    EXPECT_EQ(value_of(intermediate, certificate_policies), "300a3008060667810c010201");
    EXPECT_EQ(X509_check_purpose(intermediate.handle(), X509_PURPOSE_SSL_SERVER, 1), 1);
    EXPECT_EQ(X509_check_purpose(intermediate.handle(), X509_PURPOSE_SSL_CLIENT, 1), 0);

    const Certificate leaf =
        make_server_certificate(server_fields(authority.key.public_key()), intermediate, key);
    EXPECT_TRUE(leaf.is_signed_by(intermediate));
    EXPECT_EQ(leaf.authority_key_id(), intermediate.subject_key_id());
}

TEST(AuthorityCertificate, RefusesWhatCannotBe) {
    const Authority authority(KeyType::ec_p256);
    const auto refused = [&](const auto& change) {
        auto fields = root_fields();
        change(fields);
        EXPECT_THROW(static_cast<void>(make_root_certificate(fields, authority.key)),
                     std::logic_error);
    };
    refused([](auto& f) { f.common_name.clear(); });
    refused([](auto& f) { f.common_name = std::string(65, 'a'); });
    refused([](auto& f) { f.organization = std::string(65, 'a'); });
    refused([](auto& f) { f.path_length = -1; });
    refused([](auto& f) { f.path_length = 128; });
    refused([](auto& f) { f.validity.not_after = f.validity.not_before - 1s; });
}

TEST(TlsAlpnCertificate, HasTheDigestInACriticalExtension) {
    // SHA-256 of "a", so that the octets are known from elsewhere.
    constexpr std::string_view digest =
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    const auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const SubjectNames name{{"a.example"}, {}, 0};
    const Certificate certificate = make_tls_alpn_certificate(name, octets(digest), key, start);
    EXPECT_TRUE(certificate.is_self_signed());
    EXPECT_TRUE(certificate.is_signed_by(certificate));
    EXPECT_EQ(certificate.names(), name);
    EXPECT_FALSE(certificate.is_ca());
    EXPECT_LE(certificate.not_before(), start);
    EXPECT_GE(certificate.not_after(), start + 24h);
    EXPECT_EQ(value_of(certificate, acme_identifier), "0420" + std::string(digest));
    EXPECT_TRUE(is_critical(certificate, acme_identifier));
    EXPECT_EQ(certificate.public_key(), key.public_key());
    EXPECT_NE(X509_get_extension_flags(certificate.handle()) & EXFLAG_CRITICAL, 0U)
        << "to a verifier that does not know it, the extension is one more reason to refuse";
}

TEST(TlsAlpnCertificate, IsForOneNameOrAddress) {
    const auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const base::Bytes digest(32, 0xff);
    const auto address = base::IpAddress::from_text("2001:db8::1").value();
    const Certificate certificate =
        make_tls_alpn_certificate({{}, {address}, 0}, digest, key, start);
    EXPECT_THAT(certificate.names().ip_addresses, ElementsAre(address));
    EXPECT_THAT(certificate.names().dns_names, IsEmpty());

    const auto refused = [&](const SubjectNames& names, std::size_t digest_size) {
        EXPECT_THROW(static_cast<void>(
                         make_tls_alpn_certificate(names, base::Bytes(digest_size, 1), key, start)),
                     std::invalid_argument);
    };
    refused({}, 32);
    refused({{"a.example", "b.example"}, {}, 0}, 32);
    refused({{"a.example"}, {address}, 0}, 32);
    refused({{"a.example"}, {}, 0}, 31);
    refused({{"a.example"}, {}, 0}, 33);
}

}  // namespace
}  // namespace cairn::pki::certificate_builder_test
