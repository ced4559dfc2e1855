#include "ca/work/crl_signing.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "ca/rules/crl_names.h"
#include "ca/testing/bench.h"
#include "ca/work/crl_shelf.h"
#include "pki/crl.h"

namespace cairn::ca::crl_signing_test {
namespace {

using namespace testing;
using protocol::RevocationReason;

class CrlSigningTest : public Bench {
  protected:
    CrlSigningTest() {
        issuers = issuer_for({});
        lists = await(repository.add_crl_lists(issuer().id(), urls));
        for (auto& profile : {std::pair{"default", pki::CertificateProfile::Crl::full},
                              std::pair{"divided", pki::CertificateProfile::Crl::sharded}}) {
            Profile made{.name = profile.first, .description = {}};
            made.certificate.crl = profile.second;
            offered.emplace(profile.first, made);
        }
        profiles = Profiles::of(offered, "default").value();
        issuers.name_crls(
            issuer().id(),
            {.complete = complete_url, .shards = {lists.begin() + 1, lists.end()}, .all = lists});
    }
    [[nodiscard]] const Issuer& issuer() const { return issuers.all().front(); }
    /// One round; a lease that ends after `steps`.
    void sign(int steps = 1000) {
        await(signing.sign_due(
            [&, left = steps]() mutable -> base::Task<bool> { co_return left-- > 0; }));
    }
    pki::Crl list(std::size_t number = 0) {
        const auto stored = facts->crls.at(lists.at(number).id).present.value();
        auto crl = pki::Crl::from_der(stored.der).value();
        EXPECT_TRUE(crl.is_signed_by(issuer().certificate()));
        EXPECT_EQ(crl.revoked().size(), stored.head.entries);
        EXPECT_EQ(stored.der.size(), stored.head.size);
        return crl;
    }
    std::uint64_t number_of(std::size_t number = 0) {
        return facts->crls.at(lists.at(number).id).present.value().head.number;
    }
    /// A certificate of the store, not a real one.
    IssuedCertificate stored(std::optional<CrlId> shard = std::nullopt,
                             base::Seconds life = 2160h) {
        IssuedCertificate certificate{.serial = pki::SerialNumber::random(random),
                                      .der = random.octets(10),
                                      .issuer = issuer().id(),
                                      .key = {},
                                      .not_after = clock.now() + life,
                                      .account = std::nullopt,
                                      .order = std::nullopt,
                                      .issued = clock.now(),
                                      .revocation = std::nullopt,
                                      .profile = {},
                                      .shard = shard};
        random.fill(certificate.key);
        await(repository.add_certificate(certificate));
        return certificate;
    }
    void revoke(const IssuedCertificate& certificate,
                RevocationReason reason = RevocationReason::superseded) {
        (void)await(repository.revoke_certificate(certificate.serial, {clock.now(), reason}));
    }

    const std::string complete_url = "http://ca.example/crl/1.crl";
    const std::vector<std::string> urls{"http://ca.example/crl/1/0.crl",
                                        "http://ca.example/crl/1/1.crl"};
    std::vector<CrlList> lists;
    std::map<std::string, Profile> offered;
    CrlTimes times{
        .lifetime = 168h, .reissue = 24h, .delay = base::Milliseconds(0), .share_of_rest = 0};
    CrlSigning signing{times,           issuers,         repository, clock,
                       loop.executor(), announcements(), *log,       tally};
};

TEST_F(CrlSigningTest, SignsEveryListOfAnIssuerBeforeThereIsAnythingToTell) {
    sign();
    for (std::size_t i = 0; i < lists.size(); ++i) {
        const auto crl = list(i);
        EXPECT_TRUE(crl.revoked().empty());
        EXPECT_EQ(crl.this_update(), clock.now());
        EXPECT_EQ(crl.next_update(), clock.now() + 168h);
        EXPECT_EQ(crl.distribution_point(), i == 0 ? "" : urls.at(i - 1));
    }
    const auto signatures = signer->count();
    sign();
    EXPECT_EQ(signer->count(), signatures) << "nothing is due";
}

TEST_F(CrlSigningTest, TellsARevocationInTheListsThatAreOfIt) {
    sign();
    const auto first = number_of(), untouched = number_of(2);
    const auto certificate = stored(lists.at(1).id);
    revoke(certificate, RevocationReason::key_compromise);
    clock.advance(2s);
    sign();
    EXPECT_GT(number_of(), first);
    EXPECT_EQ(number_of(2), untouched);
    for (const std::size_t number : {0U, 1U}) {
        const auto crl = list(number);
        ASSERT_EQ(crl.revoked().size(), 1U);
        EXPECT_EQ(crl.revoked().at(0).serial, certificate.serial);
        EXPECT_EQ(crl.revoked().at(0).at, clock.now() - 2s);
        EXPECT_EQ(crl.revoked().at(0).reason, pki::CrlReason::key_compromise);
    }
}

TEST_F(CrlSigningTest, LeavesOutTheReasonThatSaysNothing) {
    const auto certificate = stored();
    revoke(certificate, RevocationReason::unspecified);
    sign();
    EXPECT_EQ(list().revoked().at(0).reason, pki::CrlReason::unspecified);
}

TEST_F(CrlSigningTest, TellsOfEveryCertificateWithACompromisedKey) {
    sign();
    auto certificate = stored();
    EXPECT_TRUE(await(repository.record_key_compromise(certificate.key, clock.now())));
    sign();
    ASSERT_EQ(list().revoked().size(), 1U);
    EXPECT_EQ(list().revoked().at(0).serial, certificate.serial);
}

TEST_F(CrlSigningTest, SignsAnewWhatIsOfAge) {
    sign();
    const auto first = number_of();
    clock.advance(24h - 1s);
    sign();
    EXPECT_EQ(number_of(), first);
    clock.advance(1s);
    sign();
    EXPECT_GT(number_of(), first);
    EXPECT_EQ(list().this_update(), clock.now());
}

TEST_F(CrlSigningTest, SignsWhatAnOperatorWants) {
    sign();
    const auto first = number_of();
    EXPECT_EQ(await(repository.wish_for_crls(std::nullopt)), 3U);
    sign();
    EXPECT_EQ(number_of(), first + 1) << "the number rises within one second too";
    sign();
    EXPECT_EQ(number_of(), first + 1) << "a wish is fulfilled once";
}

// RFC 5280 section 3.3, BR 4.10.1.
TEST_F(CrlSigningTest, TellsOfWhatHasEndedOnceMore) {
    const auto brief = stored(std::nullopt, 1h);
    revoke(brief);
    sign();
    EXPECT_EQ(list().revoked().size(), 1U);
    clock.advance(25h);
    sign();
    EXPECT_EQ(list().revoked().size(), 1U) << "it had not ended at the former list";
    clock.advance(168h);
    sign();
    EXPECT_EQ(list().revoked().size(), 0U);
}

TEST_F(CrlSigningTest, TellsOfWhatEndedWhileNothingWasSigned) {
    const auto brief = stored(std::nullopt, 1h);
    revoke(brief);
    sign();
    clock.advance(1000h);
    sign();
    EXPECT_EQ(list().revoked().size(), 1U);
    clock.advance(24h);
    sign();
    EXPECT_TRUE(list().revoked().empty());
}

TEST_F(CrlSigningTest, GoesOnAboveWhatALostStoreHadForgotten) {
    sign();
    const auto before = number_of();
    for (int i = 0; i < 20; ++i) {
        (void)await(repository.wish_for_crls(std::nullopt));
        sign();
    }
    const auto last = number_of();
    EXPECT_EQ(last, before + 20);
    facts->crls.at(lists.at(0).id).present.reset();
    clock.advance(1s);
    sign();
    EXPECT_GT(number_of(), last);
}

TEST_F(CrlSigningTest, TellsNoRevocationOfTheFuture) {
    const auto certificate = stored();
    (void)await(repository.revoke_certificate(certificate.serial,
                                              {clock.now() + 3s, RevocationReason::superseded}));
    sign();
    EXPECT_EQ(list().revoked().at(0).at, clock.now());
}

TEST_F(CrlSigningTest, TriesAgainWhereTheSignerIsAway) {
    const auto certificate = stored();
    revoke(certificate);
    signer->fail(SignerUnavailable("away"));
    sign();
    EXPECT_FALSE(facts->crls.at(lists.at(0).id).present);
    EXPECT_EQ(await(repository.unlisted_revocations(issuer().id(), std::nullopt, 10)).size(), 1U);
    EXPECT_EQ(tally.crl_failures, 1);
    // Another node, or this one a minute later.
    CrlSigning elsewhere(times, issuers, repository, clock, loop.executor(), announcements(), *log,
                         tally);
    await(elsewhere.sign_due([]() -> base::Task<bool> { co_return true; }));
    EXPECT_EQ(list().revoked().size(), 1U);
    EXPECT_TRUE(await(repository.unlisted_revocations(issuer().id(), std::nullopt, 10)).empty());
}

TEST_F(CrlSigningTest, OutlivesASignerThatIsBroken) {
    signer->fail(std::runtime_error("broken"));
    sign();
    EXPECT_EQ(tally.crl_failures, 1);
    EXPECT_FALSE(facts->crls.at(lists.at(0).id).present);
}

TEST_F(CrlSigningTest, SignsNothingWithoutTheLease) {
    sign(0);
    EXPECT_EQ(signer->count(), 0);
    sign(1);
    EXPECT_EQ(signer->count(), 1);
    sign();
    EXPECT_EQ(signer->count(), 3);
}

TEST_F(CrlSigningTest, IssuesCertificatesThatNameTheirList) {
    const auto account = stored_account().id;
    const auto certificate = issued(account);
    EXPECT_FALSE(certificate.shard);
    const auto text = std::string(base::text_of(certificate.der));
    EXPECT_NE(text.find(complete_url), std::string::npos);

    profiles = Profiles::of(offered, "divided").value();
    const auto divided = issued(account);
    ASSERT_TRUE(divided.shard);
    const auto named = std::ranges::find(lists, *divided.shard, &CrlList::id);
    ASSERT_NE(named, lists.end());
    EXPECT_NE(std::string(base::text_of(divided.der)).find(named->url), std::string::npos);
    revoke(divided);
    sign();
    const auto number = static_cast<std::size_t>(named - lists.begin());
    EXPECT_EQ(list(number).revoked().at(0).serial, divided.serial);
    EXPECT_TRUE(list(3 - number).revoked().empty());
}

TEST_F(CrlSigningTest, PutsListsOnTheShelfOfEachNode) {
    CrlShelf shelf(repository, announcements(), *log);
    const auto path = complete_crl_path(issuer().id());
    sign();
    EXPECT_EQ(shelf.find(path), nullptr);
    await(shelf.refresh());
    const auto first = shelf.find(path);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(base::text_of(list().der()), first->der);
    EXPECT_NE(shelf.find("/crl/1/0.crl"), nullptr);
    EXPECT_EQ(shelf.all().size(), 3U);
    EXPECT_EQ(shelf.find("/crl/1/9.crl"), nullptr);

    // A database that was put back does not make the node tell less than it did.
    auto former = *first;
    revoke(stored());
    sign();
    await(shelf.refresh());
    const auto second = shelf.find(path);
    EXPECT_GT(second->head.number, first->head.number);
    facts->crls.at(lists.at(0).id).present = SignedCrl{former.head, {}};
    await(shelf.refresh());
    EXPECT_EQ(shelf.find(path), second);
}

}  // namespace
}  // namespace cairn::ca::crl_signing_test
