#include "apps/cairn/prometheus_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/issuer.h"

namespace cairn::prometheus_text_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr base::Time now{std::chrono::seconds(1800000000)};

CertificateView view() {
    client::CertificatePlan plan;
    plan.authorities = {{"https://ca.example/directory", ""}};
    plan.names.push_back(client::RequestedName::from_text("a.example", "standalone").value());
    client::testing::Issuer issuer;
    auto key = client::LineageKey::generate(crypto::KeyType::ec_p256);
    auto chain = issuer.issue(key.public_key(), client::testing::names({"a.example"}),
                              {now, now + std::chrono::days(90)});
    client::LineageFacts facts;
    facts.add(client::Attempt{now - std::chrono::hours(2), "https://ca.example/directory", {}});
    facts.add(client::Attempt{now - std::chrono::hours(1), "https://ca.example/directory",
                              client::Failure("order", "no")});
    return {.member = client::LineageName::from_text("a.example").value(),
            .plan = std::move(plan),
            .generation = client::Generation{std::move(key), std::move(chain)},
            .facts = std::move(facts),
            .due = client::DueTime{now + std::chrono::days(60), client::DueReason::lifetime}};
}

TEST(PrometheusText, TellsTheTimesOfEachCertificate) {
    const auto text = prometheus_text({view()}, now);
    const std::string labels = R"({lineage="a.example",key_type="ec-p256"} )";
    EXPECT_THAT(text, HasSubstr("# TYPE cairn_certificate_not_after_timestamp_seconds gauge\n"));
    EXPECT_THAT(text, HasSubstr("cairn_certificate_not_after_timestamp_seconds" + labels +
                                std::to_string(1800000000 + 90 * 86400)));
    EXPECT_THAT(text, HasSubstr("cairn_certificate_renewal_due_timestamp_seconds" + labels +
                                std::to_string(1800000000 + 60 * 86400)));
    EXPECT_THAT(text, HasSubstr("cairn_certificate_last_success_timestamp_seconds" + labels +
                                "1799992800\n"));
    EXPECT_THAT(text, HasSubstr("cairn_certificate_last_failure_timestamp_seconds" + labels +
                                "1799996400\n"));
    EXPECT_THAT(text, HasSubstr("cairn_certificate_failing" + labels + "1\n"));
    EXPECT_THAT(text, HasSubstr(R"(,state="ok"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(,state="expired"} 0)"));
    EXPECT_THAT(text, Not(HasSubstr("served_matches"))) << "nobody has looked";
    EXPECT_THAT(text, HasSubstr("cairn_status_timestamp_seconds 1800000000\n"));
}

TEST(PrometheusText, TellsWhetherItIsWhatIsServed) {
    auto looked_at = view();
    looked_at.served =
        client::ServedReport{.member = looked_at.member, .verdict = client::ServedVerdict::differs};
    EXPECT_THAT(prometheus_text({looked_at}, now), HasSubstr("ec-p256\"} 0\n"));
    looked_at.served->verdict = client::ServedVerdict::unreachable;
    EXPECT_THAT(prometheus_text({looked_at}, now), Not(HasSubstr("served_matches")));
}

TEST(PrometheusText, TellsHowEachDeployTargetStands) {
    auto deployed = view();
    EXPECT_THAT(prometheus_text({deployed}, now), Not(HasSubstr("cairn_deploy_target")));
    const client::DeployTarget nginx{"", "nginx"};
    const client::DeployTarget hook{"reload \"x\"", ""};
    deployed.targets = {{.target = nginx,
                         .kind = client::TargetState::Kind::failed,
                         .number = 1,
                         .since = now - std::chrono::hours(3),
                         .failure = client::DeploymentFailure{now, client::Failure("deploy", "no"),
                                                              now - std::chrono::hours(2)}},
                        {.target = hook, .kind = client::TargetState::Kind::current}};
    const auto text = prometheus_text({deployed}, now);
    const std::string labels = R"({lineage="a.example",key_type="ec-p256",target="nginx"} )";
    EXPECT_THAT(text, HasSubstr("cairn_deploy_target_current" + labels + "0\n"));
    EXPECT_THAT(text, HasSubstr("cairn_deploy_target_last_success_timestamp_seconds" + labels +
                                "1799989200\n"));
    EXPECT_THAT(text, HasSubstr("cairn_deploy_target_failed_since_timestamp_seconds" + labels +
                                "1799992800\n"));
    EXPECT_THAT(text, HasSubstr(R"(key_type="ec-p256",target="reload \"x\""} 1)"));
    EXPECT_THAT(text,
                Not(HasSubstr(R"(seconds{lineage="a.example",key_type="ec-p256",target="rel)")))
        << "it has neither succeeded nor failed";
}

TEST(PrometheusText, EscapesLabels) {
    EXPECT_EQ(escaped_label("a\"b\\c\nd"), R"(a\"b\\c\nd)");
}

}  // namespace
}  // namespace cairn::prometheus_text_test
