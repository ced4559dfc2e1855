#include "client/renewal_schedule.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/enum_table.h"
#include "client/revocation.h"
#include "client/testing/issuer.h"

namespace cairn::client::renewal_schedule_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using ::testing::HasSubstr;

Generation generation_of(base::Seconds lifetime) {
    testing::Issuer issuer;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    return {key, issuer.issue(key.public_key(), testing::names({"a.example"}),
                              {base::Time(1000000s), base::Time(1000000s) + lifetime})};
}

pki::Certificate certificate_of(base::Seconds lifetime) {
    return generation_of(lifetime).chain.front();
}

TEST(DueByLifetime, LeavesAThirdOrAHalfOfTheLife) {
    struct Case {
        base::Seconds lifetime, due_after;
    };
    const Case cases[] = {
        {days{90}, days{60}}, {days{45}, days{30}},
        {days{10}, 576000s},  {days{10} - 2s, days{5} - 1s},
        {160h, 80h},          {days{6}, days{3}},
        {1h, 30min},
    };
    for (const auto& [lifetime, due_after] : cases) {
        const auto after = due_by_lifetime(certificate_of(lifetime)) - base::Time(1000000s);
        EXPECT_LE(after, due_after) << lifetime.count();
        EXPECT_GT(after, due_after - lifetime / 100) << lifetime.count();
    }
}

TEST(DueByLifetime, DiffersAmongCertificatesOfTheSameAge) {
    std::set<base::Time> times;
    for (int i = 0; i < 20; ++i) times.insert(due_by_lifetime(certificate_of(days{90})));
    EXPECT_GT(times.size(), 15U);
    const auto one = certificate_of(days{90});
    EXPECT_EQ(due_by_lifetime(one), due_by_lifetime(one));
}

TEST(DueByWindow, IsInTheWindowButLeavesTimeForASecondTry) {
    const auto certificate = certificate_of(days{90});
    const base::Time start(2000000s);
    const auto due = due_by_window(certificate, {start, start + 24h, {}});
    EXPECT_GE(due, start);
    EXPECT_LT(due, start + 24h);
    const auto late = certificate.not_after() + 24h;
    const auto lifetime = certificate.not_after() - certificate.not_before();
    EXPECT_EQ(due_by_window(certificate, {late, late + 24h, {}}),
              certificate.not_after() - lifetime / 10);
    const auto brief = certificate_of(days{2});
    const auto brief_late = brief.not_after();
    EXPECT_EQ(due_by_window(brief, {brief_late, brief_late + 1h, {}}),
              brief.not_after() - (brief.not_after() - brief.not_before()) / 3);
}

class DueTimeOfALineage : public ::testing::Test {
  protected:
    DueTimeOfALineage() {
        plan_.authorities = {{"https://ca.example/directory"}};
        plan_.names = {RequestedName::from_text("a.example", "standalone").value()};
        facts_.obtain({1, certificate_.not_before(), "https://ca.example/directory", ""},
                      LineageFacts::DeployHook::none);
    }
    [[nodiscard]] DueTime due() const { return due_time(plan_, name_, standing_, facts_); }
    void suggest(base::Time start) {
        facts_.advice =
            RenewalAdvice{renewal_identifier(certificate_).value(),
                          RenewalWindow{start, start + 1h, "https://why.example"}, start};
    }

    LineageName name_ = LineageName::from_text("a.example").value();
    CertificatePlan plan_;
    Generation standing_ = generation_of(days{90});
    const pki::Certificate& certificate_ = standing_.chain.front();
    LineageFacts facts_;
};

TEST_F(DueTimeOfALineage, IsByItsLifetimeWhereNothingIsSaid) {
    EXPECT_EQ(due().at, due_by_lifetime(certificate_));
    EXPECT_EQ(due().reason, DueReason::lifetime);
}

TEST_F(DueTimeOfALineage, FollowsTheWindowEarlierAndLater) {
    for (const auto after : {days{5}, days{75}}) {
        suggest(certificate_.not_before() + after);
        EXPECT_EQ(due().reason, DueReason::window);
        EXPECT_EQ(due().at, due_by_window(certificate_, *facts_.advice->window));
        EXPECT_THAT(due().because(), HasSubstr("https://why.example"));
    }
    facts_.advice->certificate = "another";
    EXPECT_EQ(due().reason, DueReason::lifetime);
}

TEST_F(DueTimeOfALineage, IsByThePlanUnlessTheWindowIsEarlier) {
    plan_.renew_before = RenewBefore::from_text("20d").value();
    EXPECT_EQ(due().at, certificate_.not_after() - days{20});
    EXPECT_EQ(due().reason, DueReason::renew_before);
    suggest(certificate_.not_before() + days{80});
    EXPECT_EQ(due().at, certificate_.not_after() - days{20}) << "the plan does not wait for longer";
    suggest(certificate_.not_before() + days{5});
    EXPECT_EQ(due().reason, DueReason::window);
    plan_.renew_before = RenewBefore::from_text("1/3").value();
    facts_.advice.reset();
    EXPECT_EQ(due().at, certificate_.not_after() - days{30});
}

TEST_F(DueTimeOfALineage, DoesNotFollowASecondWindowWithinTheFloor) {
    suggest(base::Time{});
    EXPECT_EQ(due().reason, DueReason::window);
    // Begun for this very certificate, and not come to its end.
    const auto now = certificate_.not_before() + 1h;
    facts_.hastening = Hastening{digest_of(certificate_), now};
    EXPECT_EQ(due().reason, DueReason::window);
    facts_.hastening->certificate = "the one before";
    EXPECT_EQ(due().reason, DueReason::put_off);
    EXPECT_EQ(due().at, now + floor_between_windows(certificate_));
    suggest(now + days{30});
    EXPECT_EQ(due().reason, DueReason::window) << "it is behind the floor";
    suggest(base::Time{});
    facts_.hastening->time = certificate_.not_after();
    EXPECT_LE(due().at, due_by_lifetime(certificate_)) << "a clock that was wrong";
}

TEST_F(DueTimeOfALineage, IsNowWhereItIsRevokedOrIsNotWhatThePlanWants) {
    plan_.names.push_back(RequestedName::from_text("b.example", "standalone").value());
    EXPECT_EQ(due().reason, DueReason::plan_changed);
    EXPECT_EQ(due().because(), "it is not what its plan wants: it is not for b.example");
    facts_.add(KnownRevocation{digest_of(certificate_), {certificate_.not_before() + 1h, {}}});
    EXPECT_EQ(due().reason, DueReason::revoked);
    EXPECT_EQ(due().at, certificate_.not_before() + 1h);
}

TEST_F(DueTimeOfALineage, LeavesAloneForAWhileWhatWasRolledBackTo) {
    plan_.names.push_back(RequestedName::from_text("b.example", "standalone").value());
    facts_.pin = RenewalPin{digest_of(certificate_), certificate_.not_after() - days{9}};
    EXPECT_EQ(due().reason, DueReason::pinned);
    EXPECT_EQ(due().at, certificate_.not_after() - days{9});
    facts_.pin->certificate = "another";
    EXPECT_EQ(due().reason, DueReason::plan_changed);
    facts_.pin->certificate = digest_of(certificate_);
    facts_.add(KnownRevocation{digest_of(certificate_), {certificate_.not_before() + 1h, {}}});
    EXPECT_EQ(due().reason, DueReason::revoked);
}

TEST_F(DueTimeOfALineage, LeavesAloneWhatItDoesNotKnowTheOriginOf) {
    facts_.obtained = GenerationFact{1, certificate_.not_before()};
    plan_.profile = "short";
    EXPECT_EQ(due().reason, DueReason::lifetime);
    facts_.obtained.reset();
    EXPECT_EQ(due().reason, DueReason::lifetime);
}

TEST(DueReason, HasAWordAndASentence) {
    std::set<std::string_view> words;
    for (const auto reason : base::enumerators<DueReason>) {
        words.insert(to_string(reason));
        EXPECT_FALSE((DueTime{{}, reason}.because().empty()));
    }
    EXPECT_EQ(words.size(), base::enumerators<DueReason>.size());
    EXPECT_FALSE(words.contains(""));
}

}  // namespace
}  // namespace cairn::client::renewal_schedule_test
