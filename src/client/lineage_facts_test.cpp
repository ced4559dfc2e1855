#include "client/lineage_facts.h"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::lineage_facts_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr base::Time noon{1800000000s};

LineageFacts again(const LineageFacts& facts) {
    const auto json = facts.to_json();
    auto read = LineageFacts::from_json(base::bytes_of(json));
    EXPECT_TRUE(read) << json << "\n" << read.error().message;
    return read.value();
}

CertificatePlan plan() {
    CertificatePlan plan;
    plan.authorities = {{"https://ca.example/directory"}};
    plan.names = {RequestedName::from_text("a.example", "standalone").value()};
    return plan;
}

TEST(LineageFacts, AreReadAsTheyWereWritten) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    LineageFacts facts;
    facts.order = OpenOrder{plan(), key, {"https://CA.example:443/order/1", "", true}};
    facts.order->former = plan();
    facts.order->former->profile = "short";
    facts.advice =
        RenewalAdvice{"aki.serial", RenewalWindow{noon, noon + 24h, "https://why"}, noon + 6h};
    facts.hastening = Hastening{"abcd", noon + 2h};
    facts.pin = RenewalPin{"ef01", noon + 3h};
    facts.add(Attempt{noon, "https://ca.example/directory", Failure("boil water", "no fire")});
    facts.add(Attempt{noon + 1h, "https://ca.example/directory", std::nullopt});
    facts.add(KnownRevocation{"abcd", {noon, protocol::RevocationReason::superseded}});
    facts.obtain({3, noon, "https://ca.example/directory", "short"},
                 LineageFacts::DeployHook::has_to_run);

    const auto read = again(facts);
    EXPECT_EQ(read.order->plan, facts.order->plan);
    EXPECT_EQ(read.order->former, facts.order->former);
    EXPECT_EQ(read.order->key.public_key(), key.public_key());
    EXPECT_EQ(read.order->position.order_url, "https://CA.example:443/order/1");
    EXPECT_TRUE(read.order->position.is_finalizing);
    EXPECT_EQ(read.advice->certificate, "aki.serial");
    EXPECT_EQ(read.advice->window->end, noon + 24h);
    EXPECT_EQ(read.advice->window->explanation_url, "https://why");
    EXPECT_EQ(read.advice->next_question, noon + 6h);
    ASSERT_EQ(read.attempts.size(), 2U);
    EXPECT_EQ(read.attempts[0].failure->came_back(), "no fire");
    EXPECT_FALSE(read.attempts[1].failure);
    EXPECT_EQ(read.attempts[1].ended, noon + 1h);
    EXPECT_EQ(read.revocation_of("abcd")->reason, protocol::RevocationReason::superseded);
    EXPECT_FALSE(read.revocation_of("dcba"));
    EXPECT_EQ(read.pin->certificate, "ef01");
    EXPECT_EQ(read.pin->until, noon + 3h);
    EXPECT_EQ(read.hastening->certificate, "abcd");
    EXPECT_EQ(read.hastening->time, noon + 2h);
    EXPECT_EQ(read.obtained->number, 3U);
    EXPECT_EQ(read.obtained->profile, "short");
    EXPECT_FALSE(read.deployed);
    EXPECT_EQ(read.to_json(), facts.to_json());
}

TEST(LineageFacts, OfNothingAreNothing) {
    const auto read = again({});
    EXPECT_FALSE(read.order || read.advice || read.obtained || read.deployed);
    EXPECT_TRUE(read.attempts.empty() && read.revocations.empty());
    EXPECT_FALSE(read.is_deployment_pending());
}

TEST(LineageFacts, TellWhatIsStillToBeDeployed) {
    using enum LineageFacts::DeployHook;
    LineageFacts facts;
    facts.obtain({1, noon}, none);
    EXPECT_FALSE(facts.is_deployment_pending());
    facts.obtain({2, noon}, has_to_run);
    EXPECT_TRUE(facts.is_deployment_pending());
    EXPECT_EQ(facts.deployed->number, 1U) << "servers have that one still";
    facts.deploy(noon + 1h);
    EXPECT_FALSE(facts.is_deployment_pending());
    EXPECT_EQ(facts.deployed->since, noon + 1h);
    // The archive was made anew, and counts from the start.
    facts.obtain({2, noon + 2h}, has_to_run);
    EXPECT_TRUE(facts.is_deployment_pending());
}

TEST(LineageFacts, TellWhatIsWithheldUntilAnotherIsObtained) {
    LineageFacts facts;
    facts.withheld = GenerationFact{2, noon};
    auto read = again(facts);
    EXPECT_EQ(read.withheld->number, 2U);
    EXPECT_EQ(read.withheld->since, noon);
    EXPECT_TRUE(read.is_withheld(1));
    EXPECT_FALSE(read.is_withheld(2)) << "it is on trial";
    EXPECT_FALSE(read.is_withheld(std::nullopt));
    read.obtain({3, noon}, LineageFacts::DeployHook::none);
    EXPECT_FALSE(read.withheld);
}

TEST(LineageFacts, TellSinceWhenATargetFails) {
    const DeployTarget target{"", "nginx"};
    LineageFacts facts;
    facts.fail_to_deploy(target, {noon, Failure("deploy", "no")});
    facts.fail_to_deploy(target, {noon + 1h, Failure("deploy", "still no")});
    const auto read = again(facts);
    EXPECT_EQ(read.deployment_of(target)->failure->time, noon + 1h);
    EXPECT_EQ(read.deployment_of(target)->failure->since, noon);
    facts.deploy(target, 1, noon + 2h);
    facts.fail_to_deploy(target, {noon + 3h, Failure("deploy", "no")});
    EXPECT_EQ(facts.deployment_of(target)->failure->since, noon + 3h);
}

TEST(LineageFacts, TellWhichTargetHasStillToLearn) {
    using enum LineageFacts::DeployHook;
    const DeployTarget proxy{"/etc/cairn/proxy"}, mail{"/etc/cairn/mail"};
    LineageFacts facts;
    EXPECT_FALSE(facts.is_deployment_pending(proxy));
    facts.obtain({1, noon}, has_to_run);
    EXPECT_TRUE(facts.is_deployment_pending(proxy));
    facts.deploy(proxy, noon + 1h);
    EXPECT_TRUE(facts.is_deployment_pending());
    facts = again(facts);
    EXPECT_FALSE(facts.is_deployment_pending(proxy));
    EXPECT_TRUE(facts.is_deployment_pending(mail));
    facts.deploy(noon + 2h);
    EXPECT_FALSE(facts.is_deployment_pending(mail));
    facts.obtain({2, noon}, has_to_run);
    EXPECT_TRUE(facts.is_deployment_pending(proxy));
    // The archive was made anew, and counts from the start.
    facts.deploy(proxy, noon);
    facts.obtain({2, noon}, has_to_run);
    EXPECT_TRUE(facts.is_deployment_pending(proxy));
}

TEST(LineageFacts, KeepWhatBecameOfTargetsAndWhatIsUnderWay) {
    using enum LineageFacts::DeployHook;
    const DeployTarget mail{{}, "postfix"}, proxy{{}, "haproxy"};
    LineageFacts facts;
    facts.obtain({3, noon}, has_to_run);
    // A target that was added later has not learnt of it, whatever the others have.
    facts.deploy(noon);
    EXPECT_TRUE(facts.is_deployment_pending(mail, 3));
    facts.deploy(mail, 3, noon);
    facts.fail_to_deploy(proxy, {noon + 1h, Failure("reload", "no")});
    facts.deploy(noon + 2h);
    facts.open_deployments.push_back(
        {proxy, R"({"single": {}})", "a note", OpenDeployment::Step::activated});
    facts = again(facts);
    EXPECT_FALSE(facts.is_deployment_pending(mail, 3));
    EXPECT_TRUE(facts.is_deployment_pending(mail, 4));
    ASSERT_NE(facts.deployment_of(proxy), nullptr);
    EXPECT_EQ(facts.deployment_of(proxy)->failure->failure.came_back(), "no");
    EXPECT_EQ(facts.deployment_of(proxy)->failure->time, noon + 1h);
    ASSERT_EQ(facts.open_deployments.size(), 1U);
    EXPECT_EQ(facts.open_deployments.front().note, "a note");
    EXPECT_EQ(facts.open_deployments.front().step, OpenDeployment::Step::activated);
    // What has learnt of it has not failed any more.
    facts.deploy(proxy, 3, noon);
    EXPECT_FALSE(facts.deployment_of(proxy)->failure);
    facts.keep_deployments({mail});
    EXPECT_EQ(facts.deployment_of(proxy), nullptr);
}

TEST(LineageFacts, AreApartForEachKeyType) {
    const auto name = LineageName::from_text("a.example").value();
    const LineageMember rsa(name, crypto::KeyType::rsa2048);
    LineageFacts facts;
    EXPECT_FALSE(std::as_const(facts).of(rsa).obtained);
    facts.obtain({1, noon}, {});
    facts.of(rsa).obtain({7, noon}, {});
    facts.of(rsa).order =
        OpenOrder{plan(), crypto::PrivateKey::generate(crypto::KeyType::rsa2048), {"", "", true}};
    const auto read = again(facts);
    EXPECT_EQ(read.of(name).obtained->number, 1U);
    EXPECT_EQ(read.of(rsa).obtained->number, 7U);
    EXPECT_FALSE(read.order);
    EXPECT_TRUE(read.is_being_issued());
    EXPECT_TRUE(read.of(rsa).order->position.is_finalizing);
    EXPECT_EQ(read.to_json(), facts.to_json());
}

TEST(LineageFacts, KeepTheLastAttempts) {
    LineageFacts facts;
    for (int i = 0; i < 25; ++i) facts.add(Attempt{noon + base::Seconds(i), "", std::nullopt});
    ASSERT_EQ(facts.attempts.size(), LineageFacts::max_attempts);
    EXPECT_EQ(facts.attempts.back().ended, noon + 24s);
    for (int i = 0; i < 250; ++i) facts.add(KnownRevocation{std::to_string(i), {noon}});
    EXPECT_EQ(facts.revocations.size(), LineageFacts::max_revocations);
    EXPECT_TRUE(facts.revocation_of("249"));
}

TEST(LineageFacts, DoNotGrowWithWhatACaSays) {
    // Each tells almost a megabyte; a hundredth of that is kept of it.
    protocol::Problem problem(protocol::ProblemType::malformed, std::string(600, 'x'));
    for (int i = 0; i < 40; ++i)
        problem.subproblems.push_back(
            {protocol::ProblemType::dns, std::string(600, 'x'), {{"dns", "a"}}});
    std::vector<Finding> findings;
    for (int i = 0; i < 40; ++i)
        findings.push_back({protocol::Identifier::dns("a.example").value(),
                            protocol::ChallengeType::http_01, problem});
    const auto failure = Failure::of_proof("ca.example", std::move(findings));
    LineageFacts facts;
    for (std::size_t i = 0; i <= LineageFacts::max_attempts; ++i)
        facts.add(Attempt{noon, "", failure});
    EXPECT_LT(facts.to_json().size(), 1000000U);
    EXPECT_EQ(facts.attempts.front().failure->phase(), Phase::challenge);
}

TEST(LineageFacts, KeepWhatTheyDoNotKnow) {
    const std::string_view text =
        R"({"version": 1, "weather": {"now": ["fine"]}, "obtained": {"generation": 1,
            "since": "2027-01-15T08:00:00Z", "colour": "red"}})";
    auto facts = LineageFacts::from_json(base::bytes_of(text)).value();
    facts.deploy(noon);
    EXPECT_THAT(facts.to_json(), HasSubstr(R"("weather": {"now":["fine"]})"));
    EXPECT_THAT(again(facts).to_json(), HasSubstr(R"("weather": {"now":["fine"]})"));
}

TEST(LineageFacts, OfALaterVersionAreRefused) {
    const std::string_view text = R"({"version": 2, "order": "somewhere else"})";
    EXPECT_TRUE(LineageFacts::is_of_later_version(base::bytes_of(text)));
    const auto read = LineageFacts::from_json(base::bytes_of(text));
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("later version of cairn"));
}

TEST(LineageFacts, SayWhatIsWrongWithThem) {
    struct Case {
        const char* text;
        const char* reason;
    };
    for (const auto& [text, reason] :
         {Case{"", "JSON"}, Case{"{}", "version: missing"}, Case{R"({"version": "1"})", "version"},
          Case{R"({"version": 1, "order": {"plan": {}, "key": "x"}})", "order: "},
          Case{R"({"version": 1, "order": []})", "order"},
          Case{R"({"version": 1, "attempts": [1]})", "attempts: no object"},
          Case{R"({"version": 1, "attempts": [{"failure": {}}]})", "attempts: failure"},
          Case{R"({"version": 1, "obtained": {"generation": 0}})", "obtained: "},
          Case{R"({"version": 1, "revocations": [{}]})", "revocations: "},
          Case{R"({"version": 1, "deployments": [{}]})", "deployments: hook"},
          Case{R"({"version": 1, "further": [{}]})", "further: key_type"},
          Case{R"({"version": 1, "further": [{"key_type": "dsa"}]})", "further: key_type"},
          Case{R"({"version": 1, "renewal_info": {}})", "renewal_info: "}}) {
        const auto read = LineageFacts::from_json(base::bytes_of(std::string_view(text)));
        ASSERT_FALSE(read) << text;
        if (*text != '\0') {
            EXPECT_THAT(read.error().message, HasSubstr(reason)) << text;
        }
        EXPECT_FALSE(LineageFacts::is_of_later_version(base::bytes_of(std::string_view(text))));
    }
}

}  // namespace
}  // namespace cairn::client::lineage_facts_test
