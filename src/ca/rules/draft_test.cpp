#include "ca/rules/draft.h"

#include <ranges>
#include <stdexcept>
#include <type_traits>

#include <gtest/gtest.h>

#include "ca/testing/proof.h"
#include "crypto/random.h"
#include "pki/certificate_builder.h"
#include "pki/crl.h"
#include "pki/x509_signature.h"

namespace cairn::ca::draft_test {
namespace {

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

// Each door is the only one: nothing else makes what opens the signer.
static_assert(!std::is_default_constructible_v<IssuanceProof>);
static_assert(!std::is_constructible_v<IssuanceProof, pki::ServerCertificateFields,
                                       const pki::CertificateProfile&>);
static_assert(!std::is_default_constructible_v<OwnCertificateProof>);
static_assert(!std::is_constructible_v<Draft, Draft::Kind, base::Bytes, base::BytesView>);
static_assert(!std::is_convertible_v<OwnCertificateProof, IssuanceProof>);

class DraftTest : public ::testing::Test {
  protected:
    static Profile profile(pki::CertificateProfile certificate = {}) {
        Profile profile;
        profile.name = "default";
        profile.certificate = std::move(certificate);
        return profile;
    }
    // The draft of a certificate for a.example.
    Draft::OrFindings draft(base::Seconds validity, Profile profile) {
        const testing::ProvedOrder proved("a.example", std::move(profile), {now, now + validity});
        return Draft::certificate(proved.proof(), issuer_, {.issuer = "http://ca.example/issuer"});
    }
    pki::Certificate sign(const Draft& draft) {
        return pki::Certificate::from_der(pki::sign_object(key_, draft.to_be_signed())).value();
    }

    crypto::SystemRandom random_;
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    pki::Certificate issuer_ =
        pki::make_root_certificate({.serial = pki::SerialNumber::random(random_),
                                    .validity = {now, now + std::chrono::days(1000)},
                                    .common_name = "Example Issuer",
                                    .organization = {},
                                    .path_length = 0},
                                   key_);
};

TEST_F(DraftTest, SaysWhatWasProved) {
    const auto drawn = draft(std::chrono::days(90), profile());
    ASSERT_TRUE(drawn);
    EXPECT_EQ(drawn->kind(), Draft::Kind::certificate);
    EXPECT_TRUE(
        std::ranges::equal(drawn->algorithm(), pki::signature_algorithm_for(key_.public_key())));
    const auto certificate = sign(*drawn);
    EXPECT_EQ(certificate.names().dns_names, std::vector<std::string>{"a.example"});
    EXPECT_EQ(certificate.subject_common_name(), "");
    EXPECT_TRUE(certificate.is_signed_by(issuer_));
}

TEST_F(DraftTest, SaysWhatTheProfileWants) {
    const auto drawn =
        draft(std::chrono::days(90),
              profile({.purposes = {pki::KeyPurpose::server_auth, pki::KeyPurpose::client_auth},
                       .common_name = true}));
    ASSERT_TRUE(drawn);
    const auto certificate = sign(*drawn);
    EXPECT_EQ(certificate.subject_common_name(), "a.example");
    EXPECT_EQ(base::to_hex(certificate.extensions("2.5.29.37").at(0).value),
              "301406082b0601050507030106082b06010505070302");
}

TEST_F(DraftTest, OfAPrecertificateIsOfTheCertificateAndThePoison) {
    const auto certificate = draft(std::chrono::days(90), profile()).value();
    const auto drawn = Draft::precertificate(certificate);
    ASSERT_TRUE(drawn);
    EXPECT_EQ(drawn->kind(), Draft::Kind::precertificate);
    const auto precertificate = sign(*drawn);
    EXPECT_EQ(precertificate.serial(), sign(certificate).serial());
    EXPECT_TRUE(precertificate.extensions("1.3.6.1.4.1.11129.2.4.3").at(0).critical);
    EXPECT_THROW(static_cast<void>(Draft::precertificate(*drawn)), std::invalid_argument);
}

TEST_F(DraftTest, OfARevocationList) {
    const std::vector<pki::RevokedCertificate> revoked{
        {pki::SerialNumber::random(random_), now, pki::CrlReason::key_compromise}};
    pki::CrlFields fields{.number = 1,
                          .this_update = now,
                          .next_update = now + std::chrono::days(7),
                          .revoked = revoked};
    const auto drawn = Draft::crl(fields, issuer_);
    ASSERT_TRUE(drawn);
    EXPECT_EQ(drawn->kind(), Draft::Kind::crl);
    const auto crl = pki::Crl::from_der(pki::sign_object(key_, drawn->to_be_signed()));
    ASSERT_TRUE(crl);
    EXPECT_TRUE(crl->is_signed_by(issuer_));
    EXPECT_EQ(crl->revoked(), revoked);
    fields.next_update = now + std::chrono::days(11);
    EXPECT_FALSE(Draft::crl(fields, issuer_));
}

TEST_F(DraftTest, OfAnOcspResponse) {
    pki::OcspFields fields{
        .serial = pki::SerialNumber::random(random_),
        .hash = pki::OcspHash::sha1,
        .status = {pki::OcspStatus::Kind::revoked, now, pki::CrlReason::superseded},
        .produced_at = now,
        .this_update = now,
        .next_update = now + std::chrono::days(4)};
    const auto drawn = Draft::ocsp_response(fields, issuer_);
    ASSERT_TRUE(drawn);
    EXPECT_EQ(drawn->kind(), Draft::Kind::ocsp_response);
    const auto response = pki::OcspResponse::from_der(
        pki::ocsp_response_of(pki::sign_object(key_, drawn->to_be_signed())));
    ASSERT_TRUE(response);
    EXPECT_TRUE(response->is_signed_by(issuer_));
    EXPECT_EQ(response->status(), fields.status);
    fields.next_update = now + std::chrono::days(11);
    EXPECT_FALSE(Draft::ocsp_response(fields, issuer_));
}

// What an issuance is bound to stays, whatever has become of the profile; but not of the proof.
TEST_F(DraftTest, OfPinnedOctetsIsOfWhatWasProved) {
    const testing::ProvedOrder proved("a.example", profile(), {now, now + std::chrono::days(90)});
    const auto octets =
        Draft::certificate(proved.proof(), issuer_, {.issuer = "http://ca.example/issuer"})
            ->to_be_signed();
    const IssuancePin pin{{}, octets};
    const auto drawn = Draft::pinned(proved.proof(), pin, issuer_);
    ASSERT_TRUE(drawn);
    EXPECT_EQ(drawn->to_be_signed(), octets);
    const testing::ProvedOrder another("a.example", profile(), {now, now + std::chrono::days(90)});
    EXPECT_FALSE(Draft::pinned(another.proof(), pin, issuer_))
        << "of another serial number and key";
}

// Check 149.
TEST_F(DraftTest, IsNotThereIfTheLintFindsSomething) {
    const auto late = draft(std::chrono::days(1001), profile({.public_trust = false}));
    ASSERT_FALSE(late);
    ASSERT_EQ(late.error().size(), 1U);
    EXPECT_EQ(late.error().front().message,
              "the validity ends after the issuer's own (BR 7.1.2.7)");
    EXPECT_FALSE(
        draft(std::chrono::days(90), profile({.purposes = {pki::KeyPurpose::client_auth}})));
}

}  // namespace
}  // namespace cairn::ca::draft_test
