#include "client/order_flow.h"

#include <array>
#include <mutex>

#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/certificate_request.h"
#include "client/lineage_key.h"
#include "client/testing/bench.h"
#include "pki/csr.h"

namespace cairn::client::order_flow_test {
namespace {

using namespace std::chrono_literals;
using protocol::ChallengeType;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;

/// Writes down what it is asked to do.
class RecordingSolver final : public Solver {
  public:
    explicit RecordingSolver(ChallengeType type) : types_{type} {}
    std::string specification() const override { return "recording"; }
    std::span<const ChallengeType> challenge_types() const override { return types_; }
    void present(const Challenge& challenge) override {
        note("present " + challenge.identifier.value());
        const std::scoped_lock lock(mutex_);
        presented.push_back(challenge);
        if (fails) throw Failure("present", "told to fail");
    }
    void wait(const Challenge& challenge) override { note("wait " + challenge.identifier.value()); }
    void clean_up(const Challenge& challenge) override {
        note("clean up " + challenge.identifier.value());
    }
    void note(std::string line) {
        const std::scoped_lock lock(mutex_);
        log.push_back(std::move(line));
    }
    std::vector<std::string> log;
    std::vector<Challenge> presented;
    bool fails = false;

  private:
    std::mutex mutex_;
    std::array<ChallengeType, 1> types_;
};

class OrderFlowTest : public ::testing::Test {
  protected:
    OrderFlowTest() {
        Account(session_, bench_.state, bench_.timer).open({}, bench_.heard);
        options_.names = {{name("a.example"), &solver_}};
    }
    static protocol::Identifier name(const char* text) {
        return protocol::Identifier::dns(text).value();
    }
    pki::Chain run() {
        OrderFlow flow(session_, journal_, bench_.timer, bench_.heard, options_);
        flow.place();
        return flow.complete();
    }
    std::string failure() {
        return failure_of([this] { static_cast<void>(run()); });
    }
    testing::FakeCa& ca() { return bench_.ca; }

    testing::Bench bench_;
    Session session_ = bench_.session();
    ChallengeJournal journal_{bench_.state, LineageName::from_text("a.example").value()};
    RecordingSolver solver_{ChallengeType::http_01};
    OrderOptions options_{.names = {},
                          .key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256),
                          .profile = {},
                          .preferred_chain = {},
                          .replaces = {}};
};

TEST_F(OrderFlowTest, GoesFromTheOrderToTheCertificate) {
    ca().on_challenge = [this](const std::string& identifier) {
        solver_.note("the CA looks at " + identifier);
    };
    const auto chain = run();
    EXPECT_EQ(chain.front().public_key(), options_.key.public_key());
    EXPECT_THAT(chain.front().names().dns_names, ElementsAre("a.example"));
    EXPECT_THAT(solver_.log, ElementsAre("present a.example", "wait a.example",
                                         "the CA looks at a.example", "clean up a.example"));
    const auto& challenge = solver_.presented.front();
    EXPECT_EQ(challenge.token.text(), ca().token);
    EXPECT_EQ(
        challenge.key_authorization,
        protocol::key_authorization(
            challenge.token, protocol::Jwk::of(session_.account_key().public_key()).thumbprint()));
}

TEST_F(OrderFlowTest, AsksAQuickCaWithoutWaiting) {
    static_cast<void>(run());
    EXPECT_EQ(bench_.timer.waited(), 0ms);
}

TEST_F(OrderFlowTest, PresentsEverythingBeforeTheCaLooks) {
    RecordingSolver by_dns(ChallengeType::dns_01);
    options_.names = {{name("b.example"), &solver_},
                      {name("*.b.example"), &by_dns},
                      {name("a.example"), &solver_}};
    ca().on_challenge = [&](const std::string&) {
        EXPECT_EQ(solver_.presented.size(), 2U);
        EXPECT_EQ(by_dns.presented.size(), 1U);
    };
    const auto chain = run();
    EXPECT_THAT(chain.front().names().dns_names,
                ElementsAre("b.example", "*.b.example", "a.example"));
    EXPECT_EQ(by_dns.presented.front().type, ChallengeType::dns_01);
    EXPECT_EQ(by_dns.presented.front().identifier.value(), "b.example");
}

TEST_F(OrderFlowTest, WaitsForASlowCaAtAGrowingPace) {
    ca().polls_before_verdict = 5;  // each with an `error` beside `processing` (erratum 5732)
    ca().polls_before_certificate = 5;
    static_cast<void>(run());
    EXPECT_GT(bench_.timer.waited(), 1s);
    EXPECT_LT(bench_.timer.waited(), 5s);
}

TEST_F(OrderFlowTest, AsksNoSoonerThanTheCaWants) {
    ca().polls_before_verdict = 3;
    ca().intercept =
        [asked = 0](const http::Request& request) mutable -> std::optional<http::Response> {
        if (request.path() != "/challenge/0" || asked++ > 0) return std::nullopt;
        return testing::response(503, "", {{"Retry-After", "20"}});
    };
    static_cast<void>(run());
    EXPECT_GE(bench_.timer.waited(), 20s);
}

TEST_F(OrderFlowTest, GivesUpOnACaThatNeverDecides) {
    ca().polls_before_verdict = 1000000;
    options_.patience = 1min;
    EXPECT_THAT(failure(),
                HasSubstr("Could not prove control of a.example: the CA has not finished"));
    EXPECT_LE(bench_.timer.waited(), 1min);
    const auto waits = bench_.heard.events(ProgressKind::waiting_for_authority);
    ASSERT_EQ(waits.size(), 1U) << "once";
    EXPECT_EQ(waits.front().number, 60U);
    EXPECT_EQ(solver_.log.back(), "clean up a.example");
}

TEST_F(OrderFlowTest, GivesUpOnACaThatNeverIssues) {
    ca().polls_before_certificate = 1000000;
    options_.patience = 1min;
    EXPECT_THAT(failure(), HasSubstr("Could not have the certificate issued"));
    EXPECT_EQ(bench_.heard.events(ProgressKind::waiting_for_authority).back().text,
              "the order is processing");
}

TEST_F(OrderFlowTest, TakesAuthorizationsThatAreValidAlready) {
    ca().first_authorization_status = protocol::AuthorizationStatus::valid;
    static_cast<void>(run());
    EXPECT_TRUE(solver_.log.empty());
}

TEST_F(OrderFlowTest, TakesAnOrderThatIsReadyAlready) {
    ca().first_order_status = protocol::OrderStatus::ready;
    static_cast<void>(run());
    EXPECT_EQ(ca().server.count("/authorization/0"), 0U);
}

TEST_F(OrderFlowTest, TellsEveryNameThatFailed) {
    options_.names = {{name("a.example"), &solver_},
                      {name("b.example"), &solver_},
                      {name("c.example"), &solver_}};
    ca().unconvinced_of = {"a.example", "c.example"};
    const auto text = failure();
    EXPECT_THAT(text, HasSubstr("prove control of a.example, c.example"));
    EXPECT_THAT(text, HasSubstr("a.example by http-01: 400 connection: no answer from a.example"));
    EXPECT_THAT(text, HasSubstr("c.example by http-01: 400 connection: no answer from c.example"));
    EXPECT_THAT(text, HasSubstr("Next: check that the name's addresses"));
    EXPECT_EQ(std::ranges::count_if(solver_.log,
                                    [](const auto& line) { return line.starts_with("clean up"); }),
              3);
}

TEST_F(OrderFlowTest, CleansUpWhatASolverHasHalfDone) {
    solver_.fails = true;
    EXPECT_THAT(failure(), HasSubstr("told to fail"));
    EXPECT_THAT(solver_.log, ElementsAre("present a.example", "clean up a.example"));
    EXPECT_EQ(ca().server.count("/challenge/0"), 0U);
}

TEST_F(OrderFlowTest, RefusesHostileTokensBeforeTheSolverSeesThem) {
    for (const auto* token :
         {"", "short", "../../../etc/cron.d/x-0123456789", "abc;rm -rf /;0123456789",
          "abcdefghijklmnopqrstuv'\"", "abcdefghijklmnopqrstuv==", "abcdefghijklmnopqrstuv\n"}) {
        ca().token = token;
        EXPECT_THAT(failure(), HasSubstr("token")) << token;
    }
    ca().token = std::string(257, 'a');
    EXPECT_THAT(failure(), HasSubstr("token"));
    EXPECT_TRUE(solver_.log.empty());
}

TEST_F(OrderFlowTest, RefusesToProveWhatWasNotAskedFor) {
    ca().foreign_identifier = name("bank.example");
    EXPECT_THAT(failure(), HasSubstr("bank.example, which was not asked for"));
    EXPECT_TRUE(solver_.log.empty());
}

TEST_F(OrderFlowTest, ExplainsASolverThatDoesNotFit) {
    ca().challenge_types = {"dns-01", "future-01"};
    const auto text = failure();
    EXPECT_THAT(text, HasSubstr("the CA offers dns-01, future-01"));
    EXPECT_THAT(text, HasSubstr("recording answers http-01"));
}

TEST_F(OrderFlowTest, RefusesACertificateThatIsNotOurs) {
    const auto other = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    ca().alter_chain = [&](const std::string&) {
        return pki::to_pem(ca().issuer.issue(other.public_key(), testing::names({"a.example"})));
    };
    EXPECT_THAT(failure(), HasSubstr("another key"));
    ca().alter_chain = [&](const std::string& pem) {
        return pem + std::string(base::text_of(other.to_pem()));
    };
    EXPECT_THAT(failure(), HasSubstr("is refused"));
}

TEST_F(OrderFlowTest, PrefersAnAlternateChain) {
    options_.preferred_chain = "Other Root";
    EXPECT_EQ(run().back().subject_common_name(), "Other Root");
    options_.preferred_chain = "Test Root";
    EXPECT_EQ(run().back().subject_common_name(), "Test Root");
    options_.preferred_chain = "No Such Root";
    EXPECT_EQ(run().back().subject_common_name(), "Test Root");
    EXPECT_TRUE(bench_.heard.has(ProgressKind::chain_not_offered));
}

TEST_F(OrderFlowTest, AnAlternateThatCannotBeHadDoesNotCostTheCertificate) {
    options_.preferred_chain = "Other Root";
    ca().intercept = [&](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/alternate") return std::nullopt;
        return ca().problem(protocol::ProblemType::malformed, "not today");
    };
    EXPECT_EQ(run().back().subject_common_name(), "Test Root");
    EXPECT_TRUE(bench_.heard.has(ProgressKind::other_chain_left_out));
}

TEST_F(OrderFlowTest, NamesTheProfilesThatThereAre) {
    ca().profiles = {{"classic", "https://ca.example/classic"}};
    options_.profile = "shortlived";
    options_.profile_demand = ProfileDemand::required;
    // The directory was read when the account was made, before there were profiles.
    session_ = bench_.session();
    Account(session_, bench_.state, bench_.timer).use();
    EXPECT_THAT(failure(), HasSubstr("choose one of classic"));
    options_.profile = "classic";
    static_cast<void>(run());
    EXPECT_EQ(ca().order_request->profile, "classic");
}

TEST_F(OrderFlowTest, HasARequestFromElsewhereCertified) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto request =
        CertificateRequest::from_octets(pki::make_csr(key, testing::names({"a.example"}))).value();
    options_.csr = request.der();
    options_.key = LineageKey::elsewhere(request).signer();
    EXPECT_EQ(run().front().public_key(), key.public_key());
}

TEST_F(OrderFlowTest, DoesWithoutAProfileThatIsOnlyPreferred) {
    options_.profile = "shortlived";
    static_cast<void>(run());
    EXPECT_EQ(ca().order_request->profile, "");
    EXPECT_TRUE(bench_.heard.has(ProgressKind::profile_not_offered));
}

TEST_F(OrderFlowTest, DoesWithoutAProfileThatIsOfferedAndRefused) {
    ca().profiles = {{"shortlived", "https://ca.example/shortlived"}};
    options_.profile = "shortlived";
    session_ = bench_.session();
    Account(session_, bench_.state, bench_.timer).use();
    ca().intercept = [&](const http::Request& request) -> std::optional<http::Response> {
        const auto jws =
            protocol::Jws::from_json(base::bytes_of(request.body), protocol::Jws::Nonce::required);
        if (request.path() != "/order" || !jws) return std::nullopt;
        const auto order = protocol::NewOrderRequest::from_json(jws->payload()).value();
        if (order.profile.empty()) return std::nullopt;
        return ca().problem(protocol::ProblemType::invalid_profile, "not for you");
    };
    options_.profile_demand = ProfileDemand::required;
    EXPECT_THAT(failure(), HasSubstr("not for you"));
    options_.profile_demand = ProfileDemand::preferred;
    static_cast<void>(run());
    EXPECT_EQ(ca().order_request->profile, "");
}

TEST_F(OrderFlowTest, OrdersOnItsOwnWhatWasReplacedAlready) {
    options_.replaces = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";
    ca().intercept = [&](const http::Request& request) -> std::optional<http::Response> {
        const auto jws =
            protocol::Jws::from_json(base::bytes_of(request.body), protocol::Jws::Nonce::required);
        if (request.path() != "/order" || !jws) return std::nullopt;
        const auto order = protocol::NewOrderRequest::from_json(jws->payload()).value();
        if (order.replaces.empty()) return std::nullopt;
        return ca().problem(protocol::ProblemType::already_replaced, "by another");
    };
    static_cast<void>(run());
    EXPECT_EQ(ca().order_request->replaces, "");
}

TEST_F(OrderFlowTest, OrdersOnItsOwnWhatTheCaDoesNotTakeForOurs) {
    options_.replaces = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";
    bool is_refused = false;
    ca().intercept = [&](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/order" || is_refused) return std::nullopt;
        is_refused = true;
        return ca().problem(protocol::ProblemType::unauthorized, "of another account");
    };
    static_cast<void>(run());
    EXPECT_EQ(ca().order_request->replaces, "");
}

TEST_F(OrderFlowTest, TellsHowFarItIsBeforeEachStepThatReliesOnIt) {
    std::vector<std::string> told;
    options_.keep = [&](const OrderPosition& position) {
        told.push_back(fmt::format("{}{} {}", position.order_url.empty() ? "" : "placed",
                                   position.is_finalizing ? ", finalizing" : "",
                                   position.certificate_url));
        EXPECT_EQ(ca().server.count("/order"), position.order_url.empty() ? 0U : 1U);
        EXPECT_EQ(ca().server.count("/finalize"), position.certificate_url.empty() ? 0U : 1U);
        EXPECT_EQ(ca().server.count("/certificate"), 0U);
    };
    static_cast<void>(run());
    EXPECT_THAT(told, ElementsAre(" ", "placed ", "placed, finalizing ",
                                  "placed, finalizing " + ca().server.url("/certificate")));
}

TEST_F(OrderFlowTest, TakesUpWhatAnEarlierRunBegan) {
    OrderPosition position;
    options_.keep = [&](const OrderPosition& now) { position = now; };
    ca().polls_before_certificate = 1000000;
    options_.patience = 1min;
    options_.next_run = "come again.";
    EXPECT_THAT(failure(), ::testing::AllOf(HasSubstr("the order is processing"),
                                            HasSubstr("Next: come again.")));
    EXPECT_TRUE(position.is_finalizing);
    ca().polls_before_certificate = 0;
    OrderFlow next(session_, journal_, bench_.timer, bench_.heard, options_);
    ASSERT_TRUE(next.take_up(position));
    EXPECT_EQ(next.complete().front().public_key(), options_.key.public_key());
    EXPECT_EQ(ca().orders_made, 1);
    EXPECT_EQ(ca().server.count("/finalize"), 1U);
}

TEST_F(OrderFlowTest, DoesNotTakeUpWhatIsGone) {
    OrderFlow flow(session_, journal_, bench_.timer, bench_.heard, options_);
    EXPECT_FALSE(flow.take_up({}));
    const auto gone = ca().server.url("/gone");
    EXPECT_FALSE(flow.take_up({gone, "", true}));
    EXPECT_FALSE(flow.take_up({gone, ca().server.url("/gone-too"), true}));
}

TEST_F(OrderFlowTest, WaitsForACertificateThatIsNotThereAtFirst) {
    ca().intercept =
        [asked = 0](const http::Request& request) mutable -> std::optional<http::Response> {
        if (request.path() != "/certificate" || asked++ == 5) return std::nullopt;
        return testing::response(404);
    };
    static_cast<void>(run());
    ca().intercept = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/certificate") return std::nullopt;
        return testing::response(404);
    };
    options_.next_run = "come again.";
    EXPECT_THAT(failure(), ::testing::AllOf(HasSubstr("404"), HasSubstr("Next: come again.")));
    EXPECT_LT(bench_.timer.waited(), 2min);
}

TEST_F(OrderFlowTest, GoesOnIfARepeatedFinalizeIsRefused) {
    // The CA takes the request, but its reply is a fault of a proxy; the repetition comes too late.
    ca().intercept =
        [&, asked = 0](const http::Request& request) mutable -> std::optional<http::Response> {
        if (request.path() != "/finalize" || asked++ > 0) return std::nullopt;
        auto taken = ca().answer(request);
        EXPECT_EQ(taken.status, 200);
        return testing::response(502);
    };
    EXPECT_EQ(run().front().public_key(), options_.key.public_key());
    EXPECT_EQ(ca().server.count("/finalize"), 2U);
}

}  // namespace
}  // namespace cairn::client::order_flow_test
