#include "ca/work/revocation.h"

#include "ca/testing/bench.h"
#include "pki/certificate.h"

namespace cairn::ca::testing::revocation_test {
namespace {

using enum protocol::ProblemType;
using protocol::RevocationReason;

class RevocationTest : public Bench {
  protected:
    base::Task<void> by_account(AccountId account, base::Bytes der,
                                RevocationReason reason = RevocationReason::superseded) {
        protocol::RevocationRequest request{.certificate = std::move(der), .reason = reason};
        return revoking().revoke_for_account(account, std::move(request), just_now());
    }
    base::Task<void> by_key(const crypto::PrivateKey& signed_with, base::Bytes der,
                            RevocationReason reason = RevocationReason::superseded) {
        protocol::RevocationRequest request{.certificate = std::move(der), .reason = reason};
        return revoking().revoke_for_key(protocol::Jwk::of(signed_with.public_key()),
                                         std::move(request), just_now());
    }
    std::optional<Revocation> revocation_of(const IssuedCertificate& certificate) {
        return await(repository.find_certificate(certificate.serial)).value().revocation;
    }

    AccountId owner = stored_account().id;
    crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
};

TEST_F(RevocationTest, IsForTheAccountThatGotIt) {
    const auto certificate = issued(owner);
    clock.advance(1h);
    await(by_account(owner, certificate.der));
    EXPECT_EQ(revocation_of(certificate),
              (Revocation{start_time + 1h, RevocationReason::superseded}));
    EXPECT_EQ(tally.revocations, 1);
    EXPECT_EQ(refusal(by_account(owner, certificate.der)),
              (Refused{already_revoked, 400, "the certificate is revoked already"}));
    EXPECT_EQ(tally.revocations, 1);
}

TEST_F(RevocationTest, IsForWhoeverControlsAllItsNames) {
    const auto certificate = issued(owner, {"a.example.org", "b.example.org"});
    const auto other = stored_account().id;
    const Refused refused{unauthorized, 403,
                          "the account neither got this certificate nor holds valid "
                          "authorizations for all its names"};
    (void)ready(other, {"a.example.org"});
    EXPECT_EQ(refusal(by_account(other, certificate.der)), refused);
    const auto both = ready(other, {"b.example.org"});
    await(by_account(other, certificate.der, RevocationReason::key_compromise));
    EXPECT_EQ(revocation_of(certificate)->reason, RevocationReason::cessation_of_operation)
        << "whatever is asked for: it knows nothing of the key";
}

TEST_F(RevocationTest, IsForWhoeverHasTheKey) {
    const auto certificate = issued(owner, {"a.example.org"}, key);
    const auto twin = issued(owner, {"b.example.org"}, key);
    await(by_key(key, certificate.der));
    for (const auto& one : {certificate, twin})
        EXPECT_EQ(revocation_of(one)->reason, RevocationReason::key_compromise);
    EXPECT_TRUE(await(repository.is_key_blocked(certificate.key)));
    EXPECT_EQ(refusal(by_key(key, twin.der)),
              (Refused{already_revoked, 400,
                       "the key is known to be compromised, and the certificate revoked for it"}));
}

TEST_F(RevocationTest, IsForNobodyWithAnotherKey) {
    const auto certificate = issued(owner, {"a.example.org"}, key);
    const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    EXPECT_EQ(
        refusal(by_key(stranger, certificate.der)),
        (Refused{unauthorized, 403, "the request is not signed by the key of this certificate"}));
    EXPECT_FALSE(revocation_of(certificate));
}

TEST_F(RevocationTest, IsOfCertificatesOfThisCaAlone) {
    const Refused refused{malformed, 404, "this CA did not issue the certificate"};
    const auto root = issuers.all().front().certificate().der();
    EXPECT_EQ(refusal(by_account(owner, base::copy_of(root))), refused);
    EXPECT_EQ(refusal(by_key(issuer_key, base::copy_of(root))), refused);
    // The same number, another content.
    const auto certificate = issued(owner);
    facts->certificates.at(certificate.serial).der.back() ^= 1U;
    EXPECT_EQ(refusal(by_account(owner, certificate.der)), refused);
    EXPECT_EQ(refusal(by_account(owner, base::Bytes{0x30, 0})).type, malformed);
}

TEST_F(RevocationTest, IsRemovedMeanwhile) {
    const auto certificate = issued(owner);
    auto& gate = script->gate(StoreCall::revoke_certificate);
    gate.close();
    auto late = loop.start(by_account(owner, certificate.der));
    ASSERT_TRUE(gate.is_reached());
    facts->certificates.clear();
    gate.open();
    EXPECT_EQ(refusal(std::move(late)),
              (Refused{malformed, 404, "this CA did not issue the certificate"}));
}

// Check 158.
TEST_F(RevocationTest, IsOfNoneThatHasExpired) {
    const auto certificate = issued(owner);
    clock.set(certificate.not_after + 1s);
    EXPECT_EQ(refusal(by_account(owner, certificate.der)),
              (Refused{unauthorized, 403, "the certificate has expired"}));
    clock.set(certificate.not_after);
    await(by_account(owner, certificate.der));
}

TEST_F(RevocationTest, IsOnceForTwoRequestsAtOnce) {
    const auto certificate = issued(owner);
    auto& gate = script->gate(StoreCall::revoke_certificate);
    gate.close();
    auto first = loop.start(by_account(owner, certificate.der));
    auto second = loop.start(by_account(owner, certificate.der));
    ASSERT_TRUE(eventually([&] { return gate.waiting() == 2; }));
    gate.open();
    EventLoop::result(std::move(first));
    EXPECT_EQ(refusal(std::move(second)),
              (Refused{already_revoked, 400, "the certificate is revoked already"}));
    EXPECT_EQ(tally.revocations, 1);
}

}  // namespace
}  // namespace cairn::ca::testing::revocation_test
