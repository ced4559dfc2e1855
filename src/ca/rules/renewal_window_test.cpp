#include "ca/rules/renewal_window.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::renewal_window_test {
namespace {

using namespace std::chrono_literals;
using Cause = RenewalWindow::Cause;

constexpr base::Time begin{base::Seconds(1'800'000'000)};

class RenewalWindowTest : public ::testing::Test {
  protected:
    IssuedCertificate certificate() {
        return {.serial = pki::SerialNumber::random(random_),
                .der = {},
                .issuer = crypto::sha256(base::bytes_of("issuer")),
                .key = {},
                .not_after = begin + 90 * 24h - 1s,
                .account = std::nullopt,
                .order = std::nullopt,
                .issued = begin + 1h,
                .revocation = std::nullopt,
                .profile = "default"};
    }
    PullForward rule(base::Time created = begin + 24h) {
        return {.id = PullForwardId::fresh(created, random_),
                .created = created,
                .issued_before = created};
    }
    crypto::SystemRandom random_;
    const pki::Validity validity_{begin, begin + 90 * 24h - 1s};
};

// Check 162.
TEST_F(RenewalWindowTest, LiesAboutTwoThirdsOfALifeOrHalfOfAShortOne) {
    struct Case {
        base::Seconds life, point;
    };
    for (const auto& [life, point] : {
             Case{90 * 24h, 60 * 24h},
             Case{10 * 24h, 160h},
             Case{10 * 24h - 1s, 120h},
             Case{6 * 24h, 72h},
             Case{1h, 30min},
             Case{60s, 30s},
         }) {
        const pki::Validity validity{begin, begin + life - 1s};
        for (int i = 0; i < 100; ++i) {
            const auto serial = pki::SerialNumber::random(random_);
            const auto window = usual_renewal_window(serial, validity);
            const auto margin = std::max<base::Seconds>(life / 100, 1s);
            EXPECT_EQ(window.end - window.start, 2 * margin);
            EXPECT_GE(window.start, begin + point - 2 * margin - 1s);
            EXPECT_LE(window.end, begin + point + 2 * margin + 1s);
            EXPECT_GT(window.start, validity.not_before);
            EXPECT_LT(window.end, validity.not_after);
            EXPECT_EQ(usual_renewal_window(serial, validity), window) << "asked again";
        }
    }
}

// What was issued in one second is not renewed in one.
TEST_F(RenewalWindowTest, IsSpreadOverCertificates) {
    std::array<int, 4> quarters{};
    const auto margin = base::Seconds(90 * 24h) / 100;
    for (int i = 0; i < 400; ++i) {
        const auto window = usual_renewal_window(pki::SerialNumber::random(random_), validity_);
        const auto shift = window.start - (begin + 60 * 24h - 2 * margin);
        ASSERT_GE(shift, 0s);
        ASSERT_LE(shift, 2 * margin);
        ++quarters.at(std::min<std::size_t>(3, static_cast<std::size_t>(shift / (margin / 2))));
    }
    for (const int count : quarters) EXPECT_GT(count, 50);
}

TEST_F(RenewalWindowTest, IsOverBeforeARevocation) {
    auto revoked = certificate();
    revoked.revocation = Revocation{begin + 48h, protocol::RevocationReason::superseded};
    const auto window = renewal_window(revoked, validity_, {});
    EXPECT_EQ(window.start, begin + 47h);
    EXPECT_EQ(window.end, begin + 47h + 30min);
    EXPECT_EQ(window.cause, Cause::revoked);
}

TEST_F(RenewalWindowTest, IsOverBeforeARuleWithoutADeadline) {
    auto at_once = rule();
    at_once.explanation_url = "https://ca.example/incident";
    const auto window = renewal_window(certificate(), validity_, std::array{at_once});
    EXPECT_EQ(window.end, at_once.created - 30min);
    EXPECT_EQ(window.cause, Cause::pulled_forward);
    EXPECT_EQ(window.rule, at_once.id);
    EXPECT_EQ(window.explanation_url, "https://ca.example/incident");
}

TEST_F(RenewalWindowTest, IsSpreadFromARuleToItsDeadline) {
    for (const base::Seconds period :
         {base::Seconds(72h), base::Seconds(10min), base::Seconds(2s)}) {
        auto spread = rule();
        spread.deadline = spread.created + period;
        std::array<int, 4> quarters{};
        for (int i = 0; i < 400; ++i) {
            const auto serial = pki::SerialNumber::random(random_);
            const auto window = pulled_renewal_window(spread, serial);
            ASSERT_GE(window.start, spread.created);
            ASSERT_LE(window.end, *spread.deadline);
            ASSERT_LT(window.start, window.end);
            EXPECT_EQ(pulled_renewal_window(spread, serial), window) << "asked again";
            ++quarters.at(std::min<std::size_t>(
                3, static_cast<std::size_t>((window.start - spread.created) * 4 / period)));
        }
        for (const int count : quarters) {
            EXPECT_GT(count, period > 1h ? 40 : -1);
        }
    }
}

TEST_F(RenewalWindowTest, IsNeverPutOffByARule) {
    auto late = rule(begin + 59 * 24h);
    late.deadline = begin + 89 * 24h;
    for (int i = 0; i < 100; ++i) {
        const auto each = certificate();
        const auto window = renewal_window(each, validity_, std::array{late});
        EXPECT_LE(window.start, usual_renewal_window(each.serial, validity_).start);
    }
}

TEST_F(RenewalWindowTest, IsTheEarliestOfSeveralRules) {
    const std::vector rules{rule(begin + 30 * 24h), rule(begin + 20 * 24h), rule(begin + 40 * 24h)};
    EXPECT_EQ(renewal_window(certificate(), validity_, rules).rule, rules[1].id);
}

TEST_F(RenewalWindowTest, IsTheUsualOneOfWhatNoRuleIsAbout) {
    auto meant = certificate();
    struct Case {
        std::string what;
        PullForward rule;
        bool is_about;
    };
    const auto with = [&](auto change) {
        auto made = rule();
        change(made);
        return made;
    };
    auto unknown = certificate();
    unknown.profile.clear();
    const std::vector<Case> cases{
        {"all", with([](auto&) {}), true},
        {"its number", with([&](auto& r) { r.serials = {unknown.serial, meant.serial}; }), true},
        {"another number", with([&](auto& r) { r.serials = {unknown.serial}; }), false},
        {"its profile", with([](auto& r) { r.profile = "default"; }), true},
        {"another profile", with([](auto& r) { r.profile = "mtls"; }), false},
        {"its issuer", with([&](auto& r) { r.issuer = meant.issuer; }), true},
        {"another issuer", with([](auto& r) { r.issuer = IssuerId{}; }), false},
        {"since then", with([&](auto& r) { r.issued_after = meant.issued; }), true},
        {"later", with([&](auto& r) { r.issued_after = meant.issued + 1s; }), false},
        {"until then", with([&](auto& r) { r.issued_before = meant.issued; }), true},
        {"earlier", with([&](auto& r) { r.issued_before = meant.issued - 1s; }), false},
        {"its number and another profile", with([&](auto& r) {
             r.serials = {meant.serial};
             r.profile = "mtls";
         }),
         false},
    };
    for (const auto& [what, each, is_about] : cases)
        EXPECT_EQ(renewal_window(meant, validity_, std::array{each}).cause,
                  is_about ? Cause::pulled_forward : Cause::usual)
            << what;
    EXPECT_TRUE(with([](auto& r) { r.profile = "mtls"; }).is_about(unknown))
        << "its profile may have been that one";
}

// Otherwise whoever has just renewed would do so again.
TEST_F(RenewalWindowTest, IsTheUsualOneOfWhatWasIssuedAfterTheRule) {
    auto fresh = certificate();
    auto ahead = rule();
    ahead.issued_before = begin + 1000h;
    fresh.issued = ahead.created;
    EXPECT_EQ(renewal_window(fresh, validity_, std::array{ahead}).cause, Cause::pulled_forward);
    fresh.issued = ahead.created + 1s;
    EXPECT_EQ(renewal_window(fresh, validity_, std::array{ahead}).cause, Cause::usual);
}

}  // namespace
}  // namespace cairn::ca::renewal_window_test
