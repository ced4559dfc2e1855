#include "pki/precertificate.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl.h"
#include "pki/certificate_builder.h"
#include "pki/x509_signature.h"

namespace cairn::pki::precertificate_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const base::Time start = base::from_rfc3339("2026-11-22T12:00:00Z").value();
constexpr std::string_view poison = "1.3.6.1.4.1.11129.2.4.3";
constexpr std::string_view poison_in_hex = "3013060a2b06010401d6790204030101ff04020500";

struct Bench {
    crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    Certificate issuer =
        make_root_certificate({.serial = SerialNumber::from_hex("01").value(),
                               .validity = {start, start + std::chrono::days(1000)},
                               .common_name = "Example Issuer",
                               .organization = {},
                               .path_length = 0},
                              key);
    base::Bytes certificate =
        draft_server_certificate({.serial = SerialNumber::from_hex("1011223344556677").value(),
                                  .validity = {start, start + std::chrono::days(90)},
                                  .public_key = key.public_key(),
                                  .names = {{"a.example"}, {}, 0},
                                  .common_name = {},
                                  .issuer_url = "http://ca.example/issuer"},
                                 issuer);
    base::Bytes precertificate = draft_precertificate(certificate);

    [[nodiscard]] Certificate sign(base::BytesView to_be_signed) const {
        return Certificate::from_der(sign_object(key, to_be_signed)).value();
    }
};

std::vector<std::string> findings_in(base::BytesView draft, base::BytesView certificate) {
    std::vector<std::string> result;
    for (const auto& finding : lint_precertificate(draft, certificate))
        result.push_back(finding.message);
    return result;
}

base::Bytes altered(base::Bytes draft, std::string_view from_hex, std::string_view to_hex) {
    const auto from = base::from_hex(from_hex).value();
    const auto to = base::from_hex(to_hex).value();
    const auto place = std::ranges::search(draft, from);
    EXPECT_EQ(place.size(), from.size()) << from_hex;
    std::ranges::copy(to, place.begin());
    return draft;
}

// Checks 148, 187.
TEST(Precertificate, IsTheCertificateAndThePoison) {
    const Bench bench;
    const auto certificate = bench.sign(bench.certificate);
    const auto precertificate = bench.sign(bench.precertificate);
    const auto found = precertificate.extensions(poison);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].critical);
    EXPECT_EQ(base::to_hex(found[0].value), "0500");
    EXPECT_TRUE(base::to_hex(bench.precertificate).ends_with(poison_in_hex));
    EXPECT_THAT(certificate.extensions(poison), IsEmpty());
    EXPECT_EQ(precertificate.serial(), certificate.serial());
    EXPECT_EQ(precertificate.names(), certificate.names());
    EXPECT_EQ(X509_get_ext_count(precertificate.handle()),
              X509_get_ext_count(certificate.handle()) + 1);
    EXPECT_NE(X509_get_extension_flags(precertificate.handle()) & EXFLAG_CRITICAL, 0U)
        << "nobody takes it for a certificate";
    EXPECT_THAT(findings_in(bench.precertificate, bench.certificate), IsEmpty());
}

TEST(Precertificate, IsNotMadeOfSomethingElse) {
    EXPECT_THROW(static_cast<void>(draft_precertificate({})), std::invalid_argument);
    const base::Bytes empty{0x30, 0};
    EXPECT_THROW(static_cast<void>(draft_precertificate(empty)), std::invalid_argument);
}

// Check 148.
TEST(PrecertificateLint, FindsWhatIsNotItsCertificates) {
    const Bench bench;
    const auto& draft = bench.precertificate;
    const auto no_poison = ElementsAre(HasSubstr("not one poison"));
    EXPECT_THAT(findings_in(bench.certificate, bench.certificate), no_poison);
    EXPECT_THAT(findings_in(draft_precertificate(draft), bench.certificate), no_poison);
    EXPECT_THAT(
        findings_in(altered(draft, "1011223344556677", "1011223344556678"), bench.certificate),
        ElementsAre(HasSubstr("without its poison it is not")));
    EXPECT_THAT(findings_in(altered(draft, "04020500", "04020400"), bench.certificate),
                ElementsAre(HasSubstr("does not hold NULL")));
    auto cut = draft;
    cut.pop_back();
    EXPECT_THAT(findings_in(cut, bench.certificate), ElementsAre(HasSubstr("not DER")));
}

}  // namespace
}  // namespace cairn::pki::precertificate_test
