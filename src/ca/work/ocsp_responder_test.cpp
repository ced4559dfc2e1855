#include "ca/work/ocsp_responder.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "ca/testing/bench.h"
#include "pki/ocsp_lint.h"
#include "pki/ocsp_request.h"

namespace cairn::ca::ocsp_responder_test {
namespace {

using namespace testing;

class OcspResponderTest : public Bench {
  protected:
    [[nodiscard]] const Issuer& issuer() const { return issuers.all().front(); }
    static base::Bytes question(const pki::Certificate& authority,
                                const pki::SerialNumber& serial) {
        return pki::ocsp_request_for(pki::OcspCertId::of(authority, serial, pki::OcspHash::sha1));
    }
    OcspResponder::Answer ask(const pki::SerialNumber& serial) {
        return await(responder.answer(question(issuer().certificate(), serial)));
    }
    static bool holds(const base::Bytes& response, base::BytesView octets) {
        return !std::ranges::search(response, octets).empty();
    }
    /// certStatus as it stands in the encoding, behind the serial number.
    static bool is_good(const base::Bytes& response, const pki::SerialNumber& serial) {
        auto octets = serial.der_content();
        octets.insert(octets.end(), {0x80, 0x00});
        return holds(response, octets);
    }
    static bool is_unknown(const base::Bytes& response, const pki::SerialNumber& serial) {
        auto octets = serial.der_content();
        octets.insert(octets.end(), {0x82, 0x00});
        return holds(response, octets);
    }
    std::vector<pki::Certificate> delegates() {
        std::vector<pki::Certificate> found;
        for (const auto& [serial, certificate] : facts->certificates) {
            auto read = pki::Certificate::from_der(certificate.der);
            if (read && pki::is_ocsp_responder(*read, issuer().certificate()))
                found.push_back(*std::move(read));
        }
        return found;
    }

    OcspResponder responder{24h, issuers, repository, clock, random, *log, tally};
};

TEST_F(OcspResponderTest, SaysWhatTheStoreKnows) {
    const auto account = stored_account().id;
    const auto good = issued(account, {"a.example.org"});
    const auto revoked = issued(account, {"b.example.org"});
    (void)await(repository.revoke_certificate(
        revoked.serial, {clock.now(), protocol::RevocationReason::superseded}));
    const auto answer = ask(good.serial);
    EXPECT_TRUE(is_good(answer.response, good.serial));
    EXPECT_EQ(answer.this_update, clock.now());
    EXPECT_EQ(answer.next_update, clock.now() + 24h);
    EXPECT_FALSE(is_good(ask(revoked.serial).response, revoked.serial));
    EXPECT_FALSE(is_unknown(ask(revoked.serial).response, revoked.serial));
}

TEST_F(OcspResponderTest, TakesNothingForGoodThatItDoesNotKnow) {
    const auto serial = pki::SerialNumber::random(random);
    EXPECT_TRUE(is_unknown(ask(serial).response, serial));
    // Another issuer of the store has it.
    IssuedCertificate foreign{.serial = serial,
                              .der = {1},
                              .issuer = {},
                              .key = {},
                              .not_after = clock.now() + 1h,
                              .account = std::nullopt,
                              .order = std::nullopt,
                              .issued = clock.now(),
                              .revocation = std::nullopt};
    await(repository.add_certificate(foreign));
    EXPECT_TRUE(is_unknown(ask(serial).response, serial));
}

TEST_F(OcspResponderTest, RefusesWithoutASignature) {
    EXPECT_EQ(await(responder.answer({})).response,
              pki::ocsp_response_of(pki::OcspError::malformed_request));
    EXPECT_EQ(await(responder.answer(base::Bytes(1 << 20))).response,
              pki::ocsp_response_of(pki::OcspError::malformed_request));
    const auto other_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto other =
        pki::make_root_certificate({.serial = pki::SerialNumber::random(random),
                                    .validity = {start_time - 24h, start_time + 240h},
                                    .common_name = "Another",
                                    .organization = {},
                                    .path_length = 0},
                                   other_key);
    const auto answer = await(responder.answer(question(other, pki::SerialNumber::random(random))));
    EXPECT_EQ(answer.response, pki::ocsp_response_of(pki::OcspError::unauthorized));
    EXPECT_FALSE(answer.next_update);
    EXPECT_EQ(signer->count(), 0);
}

TEST_F(OcspResponderTest, HasOneDelegateUntilItsTimeComes) {
    const auto serial = pki::SerialNumber::random(random);
    for (int i = 0; i < 5; ++i) (void)ask(serial);
    ASSERT_EQ(delegates().size(), 1U);
    EXPECT_EQ(signer->count(), 1);
    const auto first = delegates().front();
    EXPECT_TRUE(first.is_signed_by(issuer().certificate()));
    EXPECT_FALSE(first.is_ca());
    EXPECT_TRUE(holds(ask(serial).response, first.der()));

    clock.advance(24h * 5);
    const auto answer = ask(serial);
    ASSERT_EQ(delegates().size(), 2U);
    EXPECT_EQ(signer->count(), 2);
    EXPECT_FALSE(holds(answer.response, first.der()));
}

TEST_F(OcspResponderTest, DoesNotAnswerWhereNoDelegateCanBeMade) {
    signer->fail(SignerUnavailable("away"));
    EXPECT_THROW((void)ask(pki::SerialNumber::random(random)), SignerUnavailable);
    const auto serial = pki::SerialNumber::random(random);
    EXPECT_TRUE(is_unknown(ask(serial).response, serial));
}

}  // namespace
}  // namespace cairn::ca::ocsp_responder_test
