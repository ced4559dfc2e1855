#include <algorithm>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing::crl_contract_test {
namespace {

using protocol::RevocationReason;

/// Long before the end of anything in these tests.
constexpr base::Time any_time = now - 1000h;

class CrlContract : public RepositoryContract {
  protected:
    ca::IssuedCertificate stored(std::optional<ca::CrlId> shard = std::nullopt,
                                 const std::string& issuer_name = "issuer") {
        auto certificate = make.own_certificate();
        certificate.issuer = digest(issuer_name);
        certificate.shard = shard;
        await(store().add_certificate(certificate));
        return certificate;
    }
    void revoke(const ca::IssuedCertificate& certificate,
                RevocationReason reason = RevocationReason::superseded) {
        (void)await(store().revoke_certificate(certificate.serial, {now, reason}));
    }
    std::vector<ca::CrlList> lists(std::vector<std::string> urls = {},
                                   const std::string& issuer_name = "issuer") {
        return await(store().add_crl_lists(digest(issuer_name), std::move(urls)));
    }
    std::vector<ca::UnlistedRevocation> unlisted(const std::string& issuer_name = "issuer") {
        return await(store().unlisted_revocations(digest(issuer_name), std::nullopt, 100));
    }
    std::vector<pki::SerialNumber> told_by(const ca::CrlList& list,
                                           base::Time ended_after = any_time) {
        std::vector<pki::SerialNumber> serials;
        for (const auto& each : await(store().revocations_of(list, ended_after, std::nullopt, 100)))
            serials.push_back(each.serial);
        return serials;
    }
    void unfold() {
        EXPECT_FALSE(await(store().unfold_compromised_keys(std::nullopt, 100, 100)).next);
    }
    static ca::SignedCrl crl(const ca::CrlList& list, std::uint64_t number,
                             base::Time this_update = now) {
        base::Bytes der(1000, static_cast<std::uint8_t>(number));
        return {.head = {.list = list.id,
                         .number = number,
                         .this_update = this_update,
                         .next_update = this_update + 168h,
                         .entries = 3,
                         .size = der.size(),
                         .wishes = 1},
                .der = std::move(der)};
    }
    static std::vector<pki::SerialNumber> serials_of(
        std::vector<ca::IssuedCertificate> certificates) {
        std::vector<pki::SerialNumber> serials;
        for (const auto& each : certificates) serials.push_back(each.serial);
        std::ranges::sort(serials, {}, &pki::SerialNumber::der_content);
        return serials;
    }
};
INSTANTIATE_TEST_SUITE_P(, CrlContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(CrlContract, MakesEachListOnce) {
    const auto first = lists({"http://ca.example/crl/a/0.crl", "http://ca.example/crl/a/1.crl"});
    ASSERT_EQ(first.size(), 3U);
    EXPECT_TRUE(first[0].is_complete());
    EXPECT_EQ(first[2].url, "http://ca.example/crl/a/1.crl");
    const auto more = lists({"http://ca.example/crl/a/1.crl", "http://ca.example/crl/a/2.crl"});
    ASSERT_EQ(more.size(), 3U);
    EXPECT_EQ(more[0], first[0]);
    EXPECT_EQ(more[1], first[2]);
    const auto others = lists({}, "other");
    ASSERT_EQ(others.size(), 1U);
    EXPECT_NE(others[0].id, first[0].id);
    reopen();
    const auto states = await(store().crl_states());
    ASSERT_EQ(states.size(), 5U);
    EXPECT_TRUE(std::ranges::is_sorted(states, {}, [](const auto& each) { return each.list.id; }));
    for (const auto& state : states) EXPECT_FALSE(state.present);
}

TEST_P(CrlContract, KeepsTheShardOfACertificate) {
    const auto shard = lists({"http://ca.example/crl/a/0.crl"}).at(1);
    const auto certificate = stored(shard.id);
    reopen();
    EXPECT_EQ(await(store().find_certificate(certificate.serial)).value().shard, shard.id);
    auto order = stored_order(stored_account().id).order;
    order.intent = make.intent();
    ASSERT_TRUE(await(begin_issuance(order.id, *order.intent)));
    auto issued = make.certificate(order, *order.intent);
    issued.shard = shard.id;
    EXPECT_TRUE(await(store().complete_issuance(order.id, issued)));
    revoke(issued);
    EXPECT_EQ(told_by(shard), serials_of({issued}));
}

TEST_P(CrlContract, TellsARevocationInItsShardAndInTheCompleteList) {
    const auto all = lists({"http://ca.example/crl/a/0.crl", "http://ca.example/crl/a/1.crl"});
    const auto first = stored(all[1].id), second = stored(all[2].id), bare = stored();
    const auto foreign = stored(std::nullopt, "other");
    for (const auto& each : {first, second, bare, foreign}) revoke(each);
    (void)stored(all[1].id);
    EXPECT_EQ(told_by(all[0]), serials_of({first, second, bare}));
    EXPECT_EQ(told_by(all[1]), serials_of({first}));
    EXPECT_EQ(told_by(all[2]), serials_of({second}));
    EXPECT_EQ(await(store().revocations_of(all[1], any_time, std::nullopt, 9)).at(0).revocation,
              (ca::Revocation{now, RevocationReason::superseded}));
    EXPECT_EQ(unlisted().size(), 3U);
    EXPECT_EQ(unlisted("other").size(), 1U);
}

TEST_P(CrlContract, TellsInPagesWhatHadNotEnded) {
    const auto complete = lists().at(0);
    std::vector<ca::IssuedCertificate> certificates;
    for (int i = 0; i < 5; ++i) certificates.push_back(stored());
    for (const auto& each : certificates) revoke(each);
    std::vector<pki::SerialNumber> seen;
    for (;;) {
        std::optional<pki::SerialNumber> after;
        if (!seen.empty()) after = seen.back();
        const auto page = await(store().revocations_of(complete, any_time, after, 2));
        for (const auto& each : page) seen.push_back(each.serial);
        if (page.size() < 2) break;
    }
    EXPECT_EQ(seen, serials_of(certificates));
    const auto end = certificates.front().not_after;
    EXPECT_EQ(told_by(complete, end).size(), 5U) << "ended then, not before";
    EXPECT_TRUE(told_by(complete, end + 1s).empty());
}

TEST_P(CrlContract, KnowsWhatNoListTellsYet) {
    using enum RevocationReason;
    const auto shard = lists({"http://ca.example/crl/a/0.crl"}).at(1);
    const auto certificate = stored(shard.id), other = stored();
    revoke(certificate);
    const ca::UnlistedRevocation expected{certificate.serial, shard.id, superseded};
    EXPECT_EQ(unlisted(), std::vector{expected});
    EXPECT_TRUE(
        await(store().unlisted_revocations(digest("issuer"), certificate.serial, 10)).empty());

    await(store().mark_listed({expected}));
    EXPECT_TRUE(unlisted().empty());
    revoke(other);
    EXPECT_EQ(unlisted().size(), 1U);

    // What is raised afterwards has to be told again, and what was seen before that is no longer
    // so.
    revoke(certificate, key_compromise);
    const ca::UnlistedRevocation raised{certificate.serial, shard.id, key_compromise};
    EXPECT_EQ(std::ranges::count(unlisted(), raised), 1);
    await(store().mark_listed({expected}));
    EXPECT_EQ(std::ranges::count(unlisted(), raised), 1);
    reopen();
    EXPECT_EQ(std::ranges::count(unlisted(), raised), 1);
    await(store().mark_listed({raised}));
    EXPECT_EQ(unlisted().size(), 1U);
}

TEST_P(CrlContract, MakesRevocationsOfACompromisedKey) {
    using enum RevocationReason;
    const auto all = lists({"http://ca.example/crl/a/0.crl"});
    auto first = stored(all[1].id);
    auto twin = make.own_certificate(), ended = make.own_certificate();
    for (auto* each : {&twin, &ended}) each->key = first.key;
    ended.not_after = now - 1s;
    for (const auto& each : {twin, ended}) await(store().add_certificate(each));
    revoke(twin, superseded);
    await(store().mark_listed(unlisted()));

    EXPECT_TRUE(await(store().record_key_compromise(first.key, now + 5s)));
    unfold();
    EXPECT_EQ(told_by(all[0]), serials_of({first, twin}));
    EXPECT_EQ(told_by(all[1]), serials_of({first}));
    for (const auto& each : await(store().revocations_of(all[0], any_time, std::nullopt, 9))) {
        EXPECT_EQ(each.revocation.reason, key_compromise);
        EXPECT_EQ(each.revocation.at, each.serial == twin.serial ? now : now + 5s);
    }
    EXPECT_EQ(unlisted().size(), 2U);
    await(store().mark_listed(unlisted()));
    unfold();
    EXPECT_TRUE(unlisted().empty()) << "once is enough";
}

TEST_P(CrlContract, MakesRevocationsInSteps) {
    const auto complete = lists().at(0);
    std::vector<ca::IssuedCertificate> certificates;
    for (int key = 0; key < 3; ++key) {
        for (int i = 0; i < 4; ++i) {
            auto certificate = make.own_certificate();
            certificate.key = digest("key " + std::to_string(key));
            await(store().add_certificate(certificate));
            certificates.push_back(certificate);
        }
        EXPECT_TRUE(await(store().record_key_compromise(certificates.back().key, now)));
    }
    std::optional<crypto::Sha256Digest> position;
    int steps = 0;
    do {
        position = await(store().unfold_compromised_keys(position, 2, 3)).next;
        ASSERT_LT(++steps, 20);
    } while (position);
    EXPECT_GE(steps, 3);
    EXPECT_EQ(told_by(complete), serials_of(certificates));
}

// An issuance that began before its key was compromised ends with a certificate that is revoked.
TEST_P(CrlContract, WaitsForTheIssuancesOfACompromisedKey) {
    const auto complete = lists().at(0);
    auto order = stored_order(stored_account().id).order;
    order.intent = make.intent();
    const auto key = digest("nobody's");
    ASSERT_TRUE(await(begin_issuance(order.id, *order.intent)));
    EXPECT_TRUE(await(store().record_key_compromise(key, now)));
    unfold();
    EXPECT_TRUE(told_by(complete).empty());
    auto certificate = make.certificate(order, *order.intent);
    certificate.key = key;
    EXPECT_TRUE(await(store().complete_issuance(order.id, certificate)));
    unfold();
    EXPECT_EQ(told_by(complete), serials_of({certificate}));
}

TEST_P(CrlContract, TakesNoOlderListForANewerOne) {
    const auto list = lists().at(0);
    EXPECT_FALSE(await(store().find_crl(list.id)));
    const auto first = crl(list, 5), second = crl(list, 9);
    EXPECT_TRUE(await(store().save_crl(first)));
    EXPECT_TRUE(await(store().save_crl(second)));
    EXPECT_FALSE(await(store().save_crl(first)));
    EXPECT_FALSE(await(store().save_crl(crl(list, 9, now + 1s))));
    reopen();
    const auto found = await(store().find_crl(list.id)).value();
    EXPECT_EQ(found.head, second.head);
    EXPECT_EQ(found.der, second.der);
    EXPECT_EQ(await(store().crl_states()).at(0).present, second.head);
}

TEST_P(CrlContract, TakesOneOfManyThatAreSignedAtOnce) {
    const auto list = lists().at(0);
    std::vector<base::Task<bool>> savings;
    for (std::uint64_t i = 0; i < 20; ++i) savings.push_back(store().save_crl(crl(list, 7)));
    EXPECT_EQ(std::ranges::count(await_all(std::move(savings)), true), 1);
}

TEST_P(CrlContract, RemembersWishes) {
    const auto list = lists().at(0);
    (void)lists({"http://ca.example/crl/a/0.crl"}, "other");
    EXPECT_EQ(await(store().wish_for_crls(std::nullopt)), 3U);
    EXPECT_EQ(await(store().wish_for_crls(digest("issuer"))), 1U);
    EXPECT_EQ(await(store().wish_for_crls(digest("nobody"))), 0U);
    reopen();
    for (const auto& state : await(store().crl_states()))
        EXPECT_EQ(state.wishes, state.list.id == list.id ? 2 : 1);
}

TEST_P(CrlContract, KeepsARevocationUntilAListWasSignedAfterItsEnd) {
    const auto list = lists().at(0);
    const auto revoked = stored(), other = stored();
    revoke(revoked);
    const auto end = revoked.not_after;
    const ca::RetentionCutoffs cutoffs{.certificates = end + 1h};
    EXPECT_TRUE(await(store().save_crl(crl(list, 1, end))));
    const auto forget = [&](const ca::RetentionCutoffs& what) {
        for (int step = 0; step < 10; ++step)
            if (await(store().remove_expired(what, 100)).is_round_over) return;
        ADD_FAILURE() << "the round does not end";
    };
    forget(cutoffs);
    EXPECT_TRUE(await(store().find_certificate(revoked.serial)));
    EXPECT_FALSE(await(store().find_certificate(other.serial)));
    EXPECT_EQ(told_by(list), serials_of({revoked}));

    EXPECT_TRUE(await(store().save_crl(crl(list, 2, end + 1s))));
    forget(cutoffs);
    EXPECT_FALSE(await(store().find_certificate(revoked.serial)));
    EXPECT_TRUE(told_by(list).empty());
}

TEST_P(CrlContract, KeepsNothingForAListThatIsNotKeptUp) {
    const auto list = lists().at(0);
    const auto revoked = stored();
    revoke(revoked);
    const auto abandoned = crl(list, 1, now);
    EXPECT_TRUE(await(store().save_crl(abandoned)));
    for (int step = 0; step < 3; ++step)
        (void)await(store().remove_expired({.certificates = revoked.not_after + 1h,
                                            .abandoned_crls = abandoned.head.next_update + 1s},
                                           100));
    EXPECT_FALSE(await(store().find_certificate(revoked.serial)));
}

}  // namespace
}  // namespace cairn::store::testing::crl_contract_test
