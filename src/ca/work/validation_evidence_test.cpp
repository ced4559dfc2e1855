// What perspectives saw reaches the log and the problem.
#include <mutex>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ca/testing/memory_repository.h"
#include "ca/work/validation.h"
#include "crypto/random.h"

namespace cairn::ca::validation_evidence_test {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

/// Keeps the text fields of each line.
class KeptLog final : public base::Log {
  public:
    void write(base::LogLevel, std::string_view event,
               std::initializer_list<base::LogField> fields) override {
        std::map<std::string, std::string> line{{"event", std::string(event)}};
        for (const auto& field : fields)
            if (const auto* text = std::get_if<std::string_view>(&field.value))
                line.emplace(field.name, *text);
        const std::scoped_lock lock(mutex_);
        lines_.push_back(std::move(line));
    }
    void flush() override {}
    [[nodiscard]] std::vector<std::map<std::string, std::string>> lines_of(
        const std::string& event) const {
        const std::scoped_lock lock(mutex_);
        auto lines = lines_;
        std::erase_if(lines, [&](const auto& line) { return line.at("event") != event; });
        return lines;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::map<std::string, std::string>> lines_;
};

/// Answers what it was told, and keeps what it was asked.
class ScriptedValidator final : public Validator {
  public:
    explicit ScriptedValidator(Answer answer) : answer_(std::move(answer)) {}
    base::Task<Answer> validate(Question question) override {
        question_.emplace(std::move(question));
        co_return answer_;
    }
    [[nodiscard]] const Question& question() const { return question_.value(); }

  private:
    Answer answer_;
    std::optional<Question> question_;
};

Evidence seen_from(const std::string& perspective) {
    return {.perspective = perspective,
            .begun = now,
            .ended = now + 1s,
            .endpoints = {{*base::IpAddress::from_text("192.0.2.1"), 80},
                          {*base::IpAddress::from_text("2001:db8::1"), 80}},
            .steps = {"a.example A", "192.0.2.1:80"}};
}

class ValidationEvidenceTest : public ::testing::Test {
  protected:
    ~ValidationEvidenceTest() override {
        work_.reset();
        thread_.join();
    }
    // An attempt that a former process left, carried out with this answer; how it ended.
    Authorization validated(Validator::Answer answer) {
        validator_.emplace(std::move(answer));
        const Account account{
            .id = AccountId::fresh(now, random_),
            .key = protocol::Jwk::of(
                crypto::PrivateKey::generate(crypto::KeyType::ec_p256).public_key()),
            .contacts = {},
            .created = now,
            .terms_agreed = std::nullopt,
            .deactivated = std::nullopt};
        const Authorization pending{
            .id = AuthorizationId::fresh(now, random_),
            .account = account.id,
            .identifier = *protocol::Identifier::dns("a.example"),
            .created = now,
            .expires = now + 1h,
            .token = protocol::Token::random(random_),
            .offered = {protocol::ChallengeType::http_01},
            .attempt = ValidationAttempt{.method = protocol::ChallengeType::http_01,
                                         .started = now,
                                         .request = "4b1d-7"},
            .deactivated = std::nullopt,
            .profile = "short"};
        facts_->accounts.emplace(account.id, account);
        facts_->authorizations.emplace(pending.id, pending);
        RateLimits limits({}, clock_, log_, deaf_observer());
        Validation validation(
            {.inquiry = {.account_url =
                             [](const AccountId& id) {
                                 return "https://ca.example/" + id.to_string();
                             },
                         .caa_identities = {"ca.example"},
                         .issuer_names = {"ca.example"}}},
            repository_, *validator_, profiles_, limits, clock_,
            [this] { return base::Executor(loop_.get_executor()); }, announcements_, log_,
            deaf_observer());
        validation.start();
        const auto stored = [&] {
            const std::scoped_lock lock(facts_->mutex);
            return facts_->authorizations.at(pending.id);
        };
        EXPECT_TRUE(testing::eventually([&] { return stored().attempt->finished.has_value(); }));
        validation.stop(10s);
        EXPECT_EQ(validator_->question().account_url,
                  "https://ca.example/" + account.id.to_string());
        return stored();
    }

    crypto::SystemRandom random_;
    base::ManualClock clock_{now};
    Profiles profiles_ =
        Profiles::of({{"short", Profile{.name = "short", .description = ""}}}, "short").value();
    base::Announcements announcements_;
    KeptLog log_;
    std::optional<ScriptedValidator> validator_;
    std::shared_ptr<testing::MemoryFacts> facts_ = std::make_shared<testing::MemoryFacts>();
    testing::MemoryRepository repository_{facts_};
    boost::asio::io_context loop_{1};
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_{
        loop_.get_executor()};
    std::thread thread_{[this] { loop_.run(); }};
};

TEST_F(ValidationEvidenceTest, AsksWhatEachPerspectiveNeeds) {
    const auto valid = validated({.failure = std::nullopt, .evidence = {seen_from("local")}});
    EXPECT_EQ(valid.status(now), protocol::AuthorizationStatus::valid);
    const auto& question = validator_->question();
    EXPECT_EQ(question.profile, "short");
    EXPECT_EQ(question.identifier, valid.identifier);
    EXPECT_EQ(question.method, protocol::ChallengeType::http_01);
    EXPECT_EQ(question.token, valid.token);
    EXPECT_THAT(question.key_authorization, ::testing::StartsWith(valid.token.text()));
}

TEST_F(ValidationEvidenceTest, LogsWhatEachPerspectiveSaw) {
    auto other = seen_from("elsewhere");
    other.problem.emplace(protocol::ProblemType::connection, "192.0.2.1:80: timed out");
    const auto valid =
        validated({.failure = std::nullopt, .evidence = {seen_from("local"), other}});
    const auto lines = log_.lines_of("validation evidence");
    ASSERT_EQ(lines.size(), 2U);
    const std::map<std::string, std::string> expected{
        {"event", "validation evidence"},
        {"request", "4b1d-7"},
        {"authorization", valid.id.to_string()},
        {"perspective", "local"},
        {"begun", "2026-11-22T12:00:00Z"},
        {"ended", "2026-11-22T12:00:01Z"},
        {"endpoints", "192.0.2.1:80, [2001:db8::1]:80"},
        {"steps", "a.example A; 192.0.2.1:80"},
        {"outcome", "valid"}};
    EXPECT_EQ(lines[0], expected);
    EXPECT_EQ(lines[1].at("perspective"), "elsewhere");
    EXPECT_EQ(lines[1].at("outcome"), "connection");
    EXPECT_EQ(log_.lines_of("validation").at(0).at("detail"),
              "local: a.example A; 192.0.2.1:80; elsewhere: a.example A; 192.0.2.1:80");
}

TEST_F(ValidationEvidenceTest, TellsTheClientWhatEachPerspectiveFound) {
    Validator::Answer answer{
        .failure = Validator::Failure{.problem = {protocol::ProblemType::unauthorized,
                                                  "2 of 3 perspectives found something else"}},
        .evidence = {seen_from("local"), seen_from("one"), seen_from("two")}};
    answer.evidence[1].problem.emplace(protocol::ProblemType::connection, "timed out");
    answer.evidence[2].problem.emplace(protocol::ProblemType::unauthorized, "found 404");
    const auto invalid = validated(answer);
    const auto& problem = invalid.attempt->problem.value();
    EXPECT_EQ(problem.detail, "2 of 3 perspectives found something else");
    ASSERT_EQ(problem.subproblems.size(), 2U);
    EXPECT_EQ(problem.subproblems[0].type, protocol::ProblemType::connection);
    EXPECT_EQ(problem.subproblems[0].detail, "from one: timed out");
    EXPECT_EQ(problem.subproblems[1].detail, "from two: found 404");
}

TEST_F(ValidationEvidenceTest, TellsOfOnePerspectiveOnce) {
    Validator::Answer answer{
        .failure =
            Validator::Failure{.problem = {protocol::ProblemType::unauthorized, "found 404"}},
        .evidence = {seen_from("local")}};
    answer.evidence[0].problem = answer.failure->problem;
    const auto invalid = validated(answer);
    EXPECT_EQ(invalid.attempt->problem.value().detail, "found 404");
    EXPECT_THAT(invalid.attempt->problem->subproblems, IsEmpty());
    EXPECT_EQ(log_.lines_of("validation").at(0).at("detail"), "found 404");
}

}  // namespace
}  // namespace cairn::ca::validation_evidence_test
