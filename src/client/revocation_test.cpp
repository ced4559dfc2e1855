#include "client/revocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/bench.h"

namespace cairn::client::revocation_test {
namespace {

using protocol::RevocationReason;

class Revocation : public ::testing::Test {
  protected:
    Revocation() {
        const IssuanceOrder order{
            .lineage = name_, .plan = bench_.plan({"a.example"}), .account = {}, .replaces = {}};
        certificate_ = issue(bench_.environment(), order, bench_.heard).chain.front();
        Account(session_, bench_.state, bench_.timer).use();
    }
    testing::Bench bench_;
    LineageName name_ = LineageName::from_text("a.example").value();
    Session session_ = bench_.session();
    std::optional<pki::Certificate> certificate_;
};

TEST_F(Revocation, IsSignedByTheAccount) {
    EXPECT_EQ(revoke(session_, *certificate_, RevocationReason::superseded, std::nullopt),
              RevocationOutcome::revoked);
    ASSERT_TRUE(bench_.ca.revocation);
    EXPECT_EQ(bench_.ca.revocation->certificate, certificate_->der());
    EXPECT_EQ(bench_.ca.revocation->reason, RevocationReason::superseded);
    EXPECT_TRUE(bench_.ca.revocation_was_by_account);
}

TEST_F(Revocation, IsSignedByTheCertificatesKeyWithoutAnAccount) {
    const auto provenance = find_provenance(bench_.state, *certificate_);
    ASSERT_TRUE(provenance);
    EXPECT_EQ(provenance->member.lineage, name_);
    auto stranger = bench_.session();
    EXPECT_EQ(revoke(stranger, *certificate_, RevocationReason::key_compromise, provenance->key),
              RevocationOutcome::revoked);
    EXPECT_FALSE(bench_.ca.revocation_was_by_account);
}

TEST_F(Revocation, KnowsTheKeyOfACertificateOfAFurtherKeyType) {
    const LineageMember rsa(name_, crypto::KeyType::rsa2048);
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::rsa2048);
    const auto chain = bench_.ca.issuer.issue(key.public_key(), testing::names({"a.example"}));
    Lineage(bench_.state, rsa).install({key, chain});
    const auto provenance = find_provenance(bench_.state, chain.front());
    ASSERT_TRUE(provenance);
    EXPECT_EQ(provenance->member, rsa);
    EXPECT_EQ(provenance->key.value().public_key(), key.public_key());
    note_revocation(bench_.state, rsa, chain.front(), {bench_.clock.now(), {}});
    EXPECT_TRUE(revocation_note(bench_.state, rsa, chain.front()));
    EXPECT_FALSE(revocation_note(bench_.state, name_, chain.front()));
}

TEST_F(Revocation, TellsWhatWasRevokedAlready) {
    revoke(session_, *certificate_, RevocationReason::unspecified, std::nullopt);
    EXPECT_EQ(revoke(session_, *certificate_, RevocationReason::unspecified, std::nullopt),
              RevocationOutcome::was_revoked_already);
}

TEST_F(Revocation, ReportsARefusal) {
    const auto other = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    EXPECT_THAT(testing::failure_of(
                    [&] { revoke(session_, *certificate_, RevocationReason::unspecified, other); }),
                ::testing::HasSubstr("unauthorized"));
}

TEST_F(Revocation, FindsNoProvenanceOfStrangers) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto stranger =
        testing::Issuer().issue(key.public_key(), testing::names({"a.example"})).front();
    EXPECT_FALSE(find_provenance(bench_.state, stranger));
}

TEST(RevocationNote, IsKeptByCertificate) {
    const testing::TemporaryFolder folder;
    const StateDirectory state(folder.path());
    testing::Issuer issuer;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto one = issuer.issue(key.public_key(), testing::names({"a.example"})).front();
    const auto other = issuer.issue(key.public_key(), testing::names({"a.example"})).front();
    const base::Time time(std::chrono::seconds(1800000000));
    const auto name = LineageName::from_text("a.example").value();
    note_revocation(state, name, one, {time, protocol::RevocationReason::superseded});
    // What was noted first stays.
    note_revocation(state, name, one, {time + std::chrono::hours(1), {}});
    const auto note = revocation_note(state, name, one);
    ASSERT_TRUE(note);
    EXPECT_EQ(note->time, time);
    EXPECT_EQ(note->reason, protocol::RevocationReason::superseded);
    EXPECT_FALSE(revocation_note(state, name, other));
}

}  // namespace
}  // namespace cairn::client::revocation_test
