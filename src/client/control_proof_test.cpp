#include "client/control_proof.h"

#include <array>
#include <atomic>
#include <latch>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/bench.h"
#include "client/testing/challenge.h"

namespace cairn::client::control_proof_test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;

class SilentSolver final : public Solver {
  public:
    std::string specification() const override { return "silent"; }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::http_01};
        return types;
    }
    void present(const Challenge&) override { log.emplace_back("present"); }
    void clean_up(const Challenge&) override { log.emplace_back("clean up"); }
    std::vector<std::string> log;
};

/// At a CA whose authorization a test writes.
class Proof : public ::testing::Test {
  protected:
    Proof() {
        Account(session_, bench_.state, bench_.timer).open({}, bench_.heard);
        ca().intercept = [this](const http::Request& request) { return answer(request); };
    }
    std::optional<http::Response> answer(const http::Request& request) {
        if (request.path() == "/authorization/0") {
            ++looks_;
            return testing::response(200, authorization(), fields_);
        }
        if (request.path() != "/challenge/0") return std::nullopt;
        ++requests_;
        return testing::response(200, "{}");
    }
    std::string authorization() {
        const bool is_valid = requests_ > requests_before_valid_;
        return R"({"identifier": {"type": "dns", "value": "a.example"}, "status": ")" +
               std::string(is_valid ? "valid" : "pending") + R"(", )" + more_ +
               R"("challenges": [{"type": "http-01", "token": ")" + ca().token + R"(", "url": ")" +
               ca().server.url("/challenge/0") + R"(", "status": ")" + status_ + "\"" +
               (has_error_ && (requests_ > 0 || status_ == "processing") ? error : "") + "}]}";
    }
    std::string failure() {
        return failure_of([this] {
            ControlProof proof(session_, journal_, bench_.timer, bench_.heard, names_, 10min);
            proof.give({ca().server.url("/authorization/0")});
        });
    }
    testing::FakeCa& ca() { return bench_.ca; }

    static constexpr const char* error =
        R"(, "error": {"type": "urn:ietf:params:acme:error:connection", "detail": "nobody there"})";
    testing::Bench bench_;
    Session session_ = bench_.session();
    ChallengeJournal journal_{bench_.state, LineageName::from_text("a.example").value()};
    SilentSolver solver_;
    std::vector<NameToProve> names_{{protocol::Identifier::dns("a.example").value(), &solver_}};
    std::string status_ = "pending", more_;
    decltype(http::Response::fields) fields_;
    int requests_before_valid_ = 1000, requests_ = 0, looks_ = 0;
    bool has_error_ = true;
};

TEST_F(Proof, AsksACaThatLeavesAFailurePendingToLookAgain) {
    requests_before_valid_ = 2;
    EXPECT_EQ(failure(), "no failure");
    EXPECT_EQ(requests_, 3);
    const auto told = bench_.heard.events(ProgressKind::proof_refused_so_far);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told.front().problem->detail, "nobody there");
    EXPECT_THAT(solver_.log, ElementsAre("present", "clean up"));
}

TEST_F(Proof, TakesAFailureThatStaysForOneInTheEnd) {
    EXPECT_THAT(failure(),
                AllOf(HasSubstr("nobody there"), HasSubstr("Next: check that the name")));
    EXPECT_EQ(requests_, 4);
    EXPECT_LT(bench_.timer.waited(), 30s);
    EXPECT_THAT(solver_.log, ElementsAre("present", "clean up"));
}

// Check 198.
TEST_F(Proof, WaitsForACaThatSaysWhenItLooksAgain) {
    fields_ = {{"Retry-After", "60"}};
    EXPECT_THAT(failure(), AllOf(HasSubstr("has not finished"), HasSubstr("nobody there")));
    EXPECT_EQ(requests_, 1);
    EXPECT_GE(looks_, 9);
}

TEST_F(Proof, WaitsForACaThatIsStillLooking) {
    status_ = "processing";
    EXPECT_THAT(failure(), HasSubstr("nobody there"));
    EXPECT_EQ(requests_, 0) << "it had been told before";
    EXPECT_GT(bench_.timer.waited(), 9min);
}

TEST_F(Proof, WaitsNoLongerThanTheAuthorizationLives) {
    has_error_ = false;
    more_ = R"("expires": ")" + base::to_rfc3339(bench_.clock.now() + 30s) + R"(", )";
    EXPECT_THAT(failure(), HasSubstr("when it expires"));
    EXPECT_LE(bench_.timer.waited(), 31s);
    more_ = R"("expires": "2001-01-01T00:00:00Z", )";
    EXPECT_THAT(failure(), HasSubstr("within 600 s"));
}

/// Of many names at a CA that decides each as a test says.
class ProofOfMany : public ::testing::Test {
  protected:
    ProofOfMany() {
        Account(session_, bench_.state, bench_.timer).open({}, bench_.heard);
        protocol::NewOrderRequest request;
        for (int i = 0; i < count; ++i) {
            request.identifiers.push_back(
                protocol::Identifier::dns("n" + std::to_string(i) + ".example").value());
            names_.push_back({request.identifiers.back(), &solver_});
            urls_.push_back(bench_.ca.server.url("/authorization/" + std::to_string(i)));
        }
        session_.post(session_.directory().new_order, request.to_json(), "order");
    }
    std::string failure() {
        return failure_of([this] {
            ControlProof proof(session_, journal_, bench_.timer, bench_.heard, names_, 10min);
            proof.give(urls_);
        });
    }

    /// Sees to it that all waits go on at the same time, and counts.
    class PatientSolver final : public Solver {
      public:
        std::string specification() const override { return "patient"; }
        std::span<const protocol::ChallengeType> challenge_types() const override {
            static constexpr std::array types = {protocol::ChallengeType::http_01};
            return types;
        }
        void present(const Challenge& challenge) override {
            ++presented;
            if (challenge.identifier.value() == fails_at) throw Failure("present", "told to fail");
        }
        void wait(const Challenge&) override {
            EXPECT_EQ(presented.load(), count) << "all is presented before anything is waited for";
            all_wait.arrive_and_wait();
        }
        void clean_up(const Challenge&) override { ++cleaned_up; }
        std::atomic<int> presented = 0, cleaned_up = 0;
        std::string fails_at;
        std::latch all_wait{count};
    };

    static constexpr int count = static_cast<int>(max_names_at_a_time);
    testing::Bench bench_;
    Session session_ = bench_.session();
    ChallengeJournal journal_{bench_.state, LineageName::from_text("a.example").value()};
    PatientSolver solver_;
    std::vector<NameToProve> names_;
    std::vector<std::string> urls_;
};

TEST_F(ProofOfMany, WaitsForAllAtATime) {
    EXPECT_EQ(failure(), "no failure");
    EXPECT_EQ(solver_.cleaned_up.load(), count);
}

TEST_F(ProofOfMany, TakesNoLongerThanThatOfOne) {
    bench_.ca.polls_before_verdict = 1000000;
    EXPECT_THAT(failure(), HasSubstr("has not finished within 600 s"));
    EXPECT_LE(bench_.timer.waited(), 10min);
    EXPECT_EQ(solver_.cleaned_up.load(), count);
}

TEST_F(ProofOfMany, TellsWhichNamesFailedThoughOthersAreNotDecided) {
    bench_.ca.unconvinced_of = {"n1.example", "n6.example"};
    EXPECT_THAT(failure(), HasSubstr("prove control of n1.example, n6.example: "));
}

// Check 204.
TEST_F(ProofOfMany, TakesDownWhatWasPutUpBesideAFailure) {
    solver_.fails_at = "n3.example";
    EXPECT_THAT(failure(), HasSubstr("told to fail"));
    EXPECT_EQ(solver_.cleaned_up.load(), solver_.presented.load());
    for (int i = 0; i < count; ++i)
        EXPECT_EQ(bench_.ca.server.count("/challenge/" + std::to_string(i)), 0U);
}

TEST(Attendance, OfAPersonMeansOneThingAfterTheOther) {
    testing::Bench bench;
    const ChallengeJournal journal(bench.state, LineageName::from_text("a.example").value());
    class Person final : public Solver {
      public:
        std::string specification() const override { return "person"; }
        std::span<const protocol::ChallengeType> challenge_types() const override { return {}; }
        Attendance attendance() const override { return Attendance::by_a_person; }
        void present(const Challenge& challenge) override {
            seen.push_back(challenge.identifier.value());
        }
        void clean_up(const Challenge&) override {}
        std::vector<std::string> seen;
    } person;
    std::vector<PresentedChallenge> all;
    for (const char* name : {"c.example", "a.example", "d.example", "b.example"})
        all.push_back({"", "", testing::challenge(protocol::ChallengeType::dns_01, name), &person});
    Presentations(journal, bench.heard, std::move(all)).put_up();
    EXPECT_THAT(person.seen, ElementsAre("c.example", "a.example", "d.example", "b.example"));
}

}  // namespace
}  // namespace cairn::client::control_proof_test
