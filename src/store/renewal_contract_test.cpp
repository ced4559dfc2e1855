#include "store/testing/repository_contract.h"

namespace cairn::store::testing::renewal_contract_test {
namespace {

class RenewalContract : public RepositoryContract {
  protected:
    ca::PullForward rule(base::Time created = now) {
        return {.id = ca::PullForwardId::fresh(created + ++made * 1s, random),
                .created = created,
                .issued_before = created};
    }
    /// How many certificates a rule is about, counted `limit` at a time.
    std::size_t count(const ca::PullForward& wanted, std::size_t limit, base::Time when = now) {
        std::size_t meant = 0;
        std::optional<pki::SerialNumber> after;
        do {
            const auto step =
                await(store().count_pulled_forward(wanted, when, std::move(after), limit));
            meant += step.meant;
            after = step.next;
        } while (after);
        return meant;
    }

    crypto::SystemRandom random;
    int made = 0;
};
INSTANTIATE_TEST_SUITE_P(, RenewalContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(RenewalContract, KeepsEveryRule) {
    EXPECT_TRUE(await(store().pull_forwards()).empty());
    const auto plain = rule();
    auto full = rule();
    full.serials = {make.serial(), make.serial()};
    full.profile = "short-lived";
    full.issuer = digest("issuer");
    full.issued_after = now - 2h;
    full.issued_before = now - 1h;
    full.deadline = now + 24h;
    full.explanation_url = "https://ca.example/why";
    EXPECT_TRUE(await(store().add_pull_forward(plain)));
    EXPECT_TRUE(await(store().add_pull_forward(full)));
    const std::vector both{plain, full};
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(await(store().pull_forwards()), both);
        reopen();
    }
    EXPECT_TRUE(await(store().remove_pull_forward(plain.id)));
    EXPECT_FALSE(await(store().remove_pull_forward(plain.id)));
    EXPECT_EQ(await(store().pull_forwards()), std::vector{full});
}

TEST_P(RenewalContract, KeepsNoMoreRulesThanItMay) {
    for (std::size_t i = 0; i < ca::RenewalStore::most_pull_forwards; ++i)
        ASSERT_TRUE(await(store().add_pull_forward(rule())));
    const auto last = rule();
    EXPECT_FALSE(await(store().add_pull_forward(last)));
    EXPECT_TRUE(await(store().remove_pull_forward(await(store().pull_forwards()).front().id)));
    EXPECT_TRUE(await(store().add_pull_forward(last)));
}

TEST_P(RenewalContract, CountsWhatARuleIsAbout) {
    EXPECT_EQ(count(rule(), 10), 0U);
    std::vector<ca::IssuedCertificate> certificates;
    for (int i = 0; i < 7; ++i) {
        auto certificate = make.own_certificate();
        certificate.issued = now - 1h * i;
        certificate.profile = i % 2 == 0 ? "default" : "mtls";
        certificate.not_after = i == 6 ? now - 1s : now + 1h;
        await(store().add_certificate(certificate));
        certificates.push_back(certificate);
    }
    auto wanted = rule();
    for (const std::size_t limit : {1U, 2U, 7U, 100U}) EXPECT_EQ(count(wanted, limit), 6U) << limit;
    EXPECT_EQ(count(wanted, 3, now - 1h), 7U) << "none had ended then";
    wanted.profile = "mtls";
    EXPECT_EQ(count(wanted, 2), 3U);
    wanted.issued_after = now - 3h;
    EXPECT_EQ(count(wanted, 2), 2U);
    wanted.serials = {certificates[1].serial, certificates[2].serial};
    EXPECT_EQ(count(wanted, 2), 1U);
    wanted.issuer = digest("another");
    EXPECT_EQ(count(wanted, 2), 0U);
}

}  // namespace
}  // namespace cairn::store::testing::renewal_contract_test
