#include "pki/lint.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asn1/object_id.h"
#include "pki/certificate_builder.h"

namespace cairn::pki::lint_test {
namespace {

using crypto::KeyType;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const base::Time start = base::from_rfc3339("2026-11-22T12:00:00Z").value();

struct Authority {
    explicit Authority(KeyType type, const char* name = "Example Issuer")
        : key(crypto::PrivateKey::generate(type)),
          certificate(make_root_certificate(
              {.serial = SerialNumber::from_hex("01").value(),
               .validity = {start - std::chrono::days(1), start + std::chrono::days(1000)},
               .common_name = name,
               .organization = {},
               .path_length = 0},
              key)) {}
    crypto::PrivateKey key;
    Certificate certificate;
};

const Authority& authority() {
    static const Authority one(KeyType::ec_p256);
    return one;
}

ServerCertificateFields good_fields() {
    static const auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    return {.serial = SerialNumber::from_hex("10112233445566778899aabbccddeeff").value(),
            .validity = {start, start + std::chrono::days(90)},
            .public_key = key.public_key(),
            .names = {{"a.example", "*.b.example"}, {*base::IpAddress::from_text("192.0.2.1")}, 0},
            .common_name = {},
            .issuer_url = "http://ca.example/issuer"};
}

const CertificateProfile usual_profile;

std::vector<std::string> findings_in(base::BytesView draft,
                                     const Certificate& issuer = authority().certificate,
                                     const ServerCertificateFields& wanted = good_fields(),
                                     const CertificateProfile* profile = &usual_profile) {
    std::vector<std::string> result;
    for (const auto& finding : lint_server_certificate(draft, wanted, issuer, profile))
        result.push_back(finding.message);
    return result;
}

std::vector<std::string> findings_in(const ServerCertificateFields& fields,
                                     const CertificateProfile& profile = usual_profile) {
    const auto& issuer = authority().certificate;
    return findings_in(draft_server_certificate(fields, issuer, profile), issuer, fields, &profile);
}

/// A good draft in which some octets are replaced by others of the same length.
base::Bytes altered(std::string_view from_hex, std::string_view to_hex) {
    auto draft = draft_server_certificate(good_fields(), authority().certificate);
    const auto from = base::from_hex(from_hex).value();
    const auto to = base::from_hex(to_hex).value();
    const auto place = std::ranges::search(draft, from);
    EXPECT_EQ(place.size(), from.size()) << from_hex;
    EXPECT_EQ(from.size(), to.size());
    std::ranges::copy(to, place.begin());
    return draft;
}

TEST(Lint, FindsNothingInWhatTheBuilderMakes) {
    for (const auto issuer_type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa2048}) {
        const Authority issuer(issuer_type);
        for (const auto type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa2048}) {
            auto fields = good_fields();
            fields.public_key = crypto::PrivateKey::generate(type).public_key();
            EXPECT_THAT(findings_in(draft_server_certificate(fields, issuer.certificate),
                                    issuer.certificate, fields),
                        IsEmpty());
        }
    }
    auto fields = good_fields();
    fields.common_name = "a.example";
    EXPECT_THAT(findings_in(fields), IsEmpty());
    fields.issuer_url.clear();
    EXPECT_THAT(findings_in(fields), IsEmpty());
    fields.crl_url = "http://ca.example/crl/1";
    EXPECT_THAT(findings_in(fields), IsEmpty());
}

struct BadFields {
    const char* name;
    void (*spoil)(ServerCertificateFields&);
    const char* finding;
};
class LintOfFields : public ::testing::TestWithParam<BadFields> {};

// Check 149.
TEST_P(LintOfFields, Finds) {
    auto fields = good_fields();
    GetParam().spoil(fields);
    EXPECT_THAT(findings_in(fields), Contains(HasSubstr(GetParam().finding)));
}

INSTANTIATE_TEST_SUITE_P(
    Lint, LintOfFields,
    ::testing::Values(
        BadFields{"ShortSerial",
                  [](auto& fields) { fields.serial = SerialNumber::from_hex("01020304").value(); },
                  "less than 64 bits"},
        BadFields{"LongSerial",
                  [](auto& fields) {
                      fields.serial = SerialNumber::from_hex(std::string(42, '1')).value();
                  },
                  "more than 20 octets"},
        BadFields{"EndAfterIssuer",
                  [](auto& fields) { fields.validity.not_after = start + std::chrono::days(1001); },
                  "after the issuer's own"},
        BadFields{"UpperCase", [](auto& fields) { fields.names.dns_names = {"A.example"}; },
                  "in lower case"},
        BadFields{"Underscore", [](auto& fields) { fields.names.dns_names = {"a_b.example"}; },
                  "letters, digits and hyphens"},
        BadFields{"WildcardInside", [](auto& fields) { fields.names.dns_names = {"a.*.example"}; },
                  "letters, digits and hyphens"},
        BadFields{"TrailingDot", [](auto& fields) { fields.names.dns_names = {"a.example."}; },
                  "letters, digits and hyphens"},
        BadFields{"Hyphen", [](auto& fields) { fields.names.dns_names = {"-a.example"}; },
                  "letters, digits and hyphens"},
        BadFields{
            "LongLabel",
            [](auto& fields) { fields.names.dns_names = {std::string(64, 'a') + ".example"}; },
            "letters, digits and hyphens"},
        BadFields{"NameTwice",
                  [](auto& fields) { fields.names.dns_names = {"a.example", "a.example"}; },
                  "there twice"},
        BadFields{"AddressTwice",
                  [](auto& fields) {
                      fields.names.ip_addresses.push_back(fields.names.ip_addresses.front());
                  },
                  "there twice"},
        BadFields{"ForeignCommonName", [](auto& fields) { fields.common_name = "c.example"; },
                  "common name is not one"},
        BadFields{"SmallRsaKey",
                  [](auto& fields) {
                      base::Bytes modulus(128, 0xc5);
                      const base::Bytes exponent{1, 0, 1};
                      fields.public_key = crypto::PublicKey::from_rsa(modulus, exponent).value();
                  },
                  "less than 2048 bits"},
        BadFields{"IssuerUrlOverTls",
                  [](auto& fields) { fields.issuer_url = "https://ca.example/issuer"; },
                  "authorityInfoAccess has a place that is no http URL"},
        BadFields{"CrlUrlOverTls", [](auto& fields) { fields.crl_url = "https://ca.example/crl"; },
                  "cRLDistributionPoints has a place that is no http URL"}),
    [](const auto& instance) { return instance.param.name; });

struct BadOctets {
    const char* name;
    const char* from;
    const char* to;
    const char* finding;
};
class LintOfOctets : public ::testing::TestWithParam<BadOctets> {};

// Check 149.
TEST_P(LintOfOctets, Finds) {
    EXPECT_THAT(findings_in(altered(GetParam().from, GetParam().to)),
                Contains(HasSubstr(GetParam().finding)));
}

INSTANTIATE_TEST_SUITE_P(
    Lint, LintOfOctets,
    ::testing::Values(
        BadOctets{"Version2", "a003020102", "a003020101", "not 3"},
        BadOctets{"OtherAlgorithm", "2a8648ce3d040302", "2a8648ce3d040303", "signature algorithm"},
        BadOctets{"KeyUsage", "0603551d0f0101ff040403020780", "0603551d0f0101ff040403020204",
                  "keyUsage is not that"},
        BadOctets{"KeyUsageNotCritical", "0603551d0f0101ff", "0603551d630101ff",
                  "keyUsage is missing"},
        BadOctets{"UnknownExtension", "0603551d0f0101ff", "0603551d630101ff", "no rule allows"},
        BadOctets{"ClientAuth", "06082b06010505070301", "06082b06010505070302",
                  "extKeyUsage is not serverAuth"},
        BadOctets{"ClientAuthUnwanted", "06082b06010505070301", "06082b06010505070302",
                  "extKeyUsage is not what the profile says"},
        BadOctets{"UnknownPurpose", "06082b06010505070301", "06082b06010505070303",
                  "extKeyUsage is not serverAuth, clientAuth or both"},
        BadOctets{"OtherPolicy", "060667810c010201", "060667810c010202",
                  "do not say domain-validated once"},
        BadOctets{"OtherPolicyThanTheProfiles", "060667810c010201", "060667810c010202",
                  "certificatePolicies are not what the profile says"},
        BadOctets{"KeyEnciphermentOfAnEllipticCurve", "0603551d0f0101ff040403020780",
                  "0603551d0f0101ff0404030205a0", "with such a key"},
        BadOctets{"OtherSerial", "10112233445566778899aabbccddeeff",
                  "10112233445566778899aabbccddeefe", "serial number is not the one"},
        BadOctets{"OtherEnd", "170d3237303232303132303030305a", "170d3237303232303132303030315a",
                  "validity is not the one"},
        BadOctets{"OtherName", "8209612e6578616d706c65", "8209632e6578616d706c65",
                  "names are not those that were proved"},
        BadOctets{"TwiceThere", "0603551d25", "0603551d20", "more than once"}),
    [](const auto& instance) { return instance.param.name; });

TEST(Lint, FindsAnotherKeyThanWasAskedFor) {
    const auto& issuer = authority().certificate;
    const auto other = crypto::PrivateKey::generate(KeyType::ec_p256).public_key();
    const auto draft = draft_server_certificate(good_fields(), issuer);
    auto wanted = good_fields();
    wanted.public_key = other;
    EXPECT_THAT(findings_in(draft, issuer, wanted),
                ::testing::ElementsAre(HasSubstr("public key is not the one")));
}

TEST(Lint, FindsACommonNameThatNobodyChose) {
    const auto& issuer = authority().certificate;
    auto named = good_fields();
    named.common_name = "a.example";
    EXPECT_THAT(findings_in(draft_server_certificate(named, issuer), issuer, good_fields()),
                ::testing::ElementsAre(HasSubstr("common name is not the one")));
    EXPECT_THAT(findings_in(draft_server_certificate(good_fields(), issuer), issuer, named),
                ::testing::ElementsAre(HasSubstr("common name is not the one")));
    EXPECT_THAT(
        findings_in(draft_server_certificate(good_fields(), issuer), issuer, named, nullptr),
        IsEmpty())
        << "a profile decides it, and may have changed";
}

// A profile decides within what the standards allow; what it does not say is found as well.
TEST(Lint, GoesByTheProfile) {
    static const auto rsa = crypto::PrivateKey::generate(KeyType::rsa2048).public_key();
    const auto& issuer = authority().certificate;
    auto fields = good_fields();
    fields.public_key = rsa;
    CertificateProfile profile;
    profile.purposes = {KeyPurpose::server_auth, KeyPurpose::client_auth};
    profile.usage_of_rsa = key_usage::digital_signature;
    const auto own_policy = asn1::oid::encode<1, 3, 6, 1, 4, 1, 99999, 1>();
    profile.policies.push_back(base::copy_of(own_policy));
    EXPECT_THAT(findings_in(fields, profile), IsEmpty());
    const auto draft = draft_server_certificate(fields, issuer, profile);
    EXPECT_THAT(
        findings_in(draft, issuer, fields, &usual_profile),
        ::testing::UnorderedElementsAre("keyUsage is not what the profile says",
                                        "extKeyUsage is not what the profile says",
                                        "certificatePolicies are not what the profile says"));
    EXPECT_THAT(findings_in(draft, issuer, fields, nullptr), IsEmpty())
        << "the standards allow what another profile wants";

    profile.purposes = {KeyPurpose::client_auth};
    EXPECT_THAT(findings_in(fields, profile), Contains(HasSubstr("extKeyUsage is not serverAuth")));
    profile = {.usage_of_rsa = key_usage::key_encipherment};
    EXPECT_THAT(findings_in(fields, profile), Contains(HasSubstr("keyUsage is not that")));
    profile = {.usage_of_others = key_usage::digital_signature | key_usage::key_encipherment};
    EXPECT_THAT(findings_in(good_fields(), profile), Contains(HasSubstr("RFC 8813")));
}

TEST(Lint, GoesFurtherForAPrivateCa) {
    auto fields = good_fields();
    fields.public_key = crypto::PrivateKey::generate(KeyType::ed25519).public_key();
    fields.validity.not_after = start + std::chrono::days(900);
    fields.names.uris = {"spiffe://a.example/web"};
    CertificateProfile profile;
    profile.purposes = {KeyPurpose::client_auth};
    profile.uris = true;
    profile.subject_key_id = true;
    profile.public_trust = false;
    EXPECT_THAT(findings_in(fields, profile), IsEmpty());
    const auto draft = draft_server_certificate(fields, authority().certificate, profile);
    EXPECT_THAT(findings_in(draft, authority().certificate, fields, nullptr), IsEmpty());

    profile.public_trust = true;
    EXPECT_THAT(findings_in(fields, profile),
                ::testing::UnorderedElementsAre(HasSubstr("BR 6.3.2"), HasSubstr("BR 6.1.5"),
                                                HasSubstr("holds a URI (BR 7.1.2.7.12)"),
                                                HasSubstr("BR 7.1.2.7.10")));
    profile.public_trust = false;
    profile.uris = false;
    profile.subject_key_id = false;
    EXPECT_THAT(findings_in(draft, authority().certificate, fields, &profile),
                ::testing::UnorderedElementsAre(HasSubstr("holds a URI, and the profile has none"),
                                                HasSubstr("subjectKeyIdentifier is not what")));
}

TEST(Lint, NamesEachRuleOnce) {
    std::set<std::string_view> names;
    for (const auto& [id, section] : lint_rule_names()) {
        EXPECT_TRUE(names.insert(id).second) << id;
        EXPECT_TRUE(section.empty() || section.starts_with("RFC ") || section.starts_with("BR "))
            << id;
    }
    EXPECT_GT(names.size(), 30U);
}

TEST(Lint, FindsAnotherIssuer) {
    const Authority other(KeyType::rsa2048, "Another Issuer");
    const auto draft = draft_server_certificate(good_fields(), authority().certificate);
    const auto findings = findings_in(draft, other.certificate);
    EXPECT_THAT(findings, Contains(HasSubstr("not the subject of the issuer")));
    EXPECT_THAT(findings, Contains(HasSubstr("authorityKeyIdentifier is not")));
    EXPECT_THAT(findings, Contains(HasSubstr("the signature algorithm")));
}

TEST(Lint, FindsACertificateThatIsACa) {
    const auto& root = authority().certificate;
    // TBSCertificate is the first element of what the root's four octet header holds.
    const base::BytesView inside = base::BytesView(root.der()).subspan(4);
    const auto length = static_cast<std::size_t>(inside[2] << 8U | inside[3]) + 4;
    const auto findings = findings_in(inside.first(length));
    EXPECT_THAT(findings, Contains(HasSubstr("make it a CA")));
    EXPECT_THAT(findings, Contains(HasSubstr("extKeyUsage is missing")));
    EXPECT_THAT(findings, Contains(HasSubstr("it names nothing")));
}

TEST(Lint, FindsWhatIsNoDer) {
    auto draft = draft_server_certificate(good_fields(), authority().certificate);
    draft.pop_back();
    EXPECT_THAT(findings_in(draft), Contains(HasSubstr("not DER")));
    EXPECT_THAT(findings_in(base::BytesView()), Contains(HasSubstr("not DER")));
    const base::Bytes empty{0x30, 0};
    EXPECT_THAT(findings_in(empty), ::testing::SizeIs(1));
}

}  // namespace
}  // namespace cairn::pki::lint_test
