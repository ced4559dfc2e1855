#include "client/limit_ledger.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/testing/bench.h"

namespace cairn::client::limit_ledger_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using ::testing::HasSubstr;

constexpr std::string_view host = "ca.example";

class Limits : public ::testing::Test {
  protected:
    [[nodiscard]] static OrderSubject subject(const std::string& name = "a.example") {
        return {"https://ca.example/directory", "", {name}};
    }
    [[nodiscard]] Failure limited(std::optional<base::Seconds> retry_after = std::nullopt,
                                  const std::string& detail = "too many", int status = 429) const {
        const auto at = retry_after ? std::optional(clock_.now() + *retry_after) : std::nullopt;
        return Failure({"order a certificate", Phase::order}, host,
                       protocol::Problem(protocol::ProblemType::rate_limited, detail, status), {})
            .retrying_at(at);
    }
    [[nodiscard]] static Failure unconvinced() {
        return Failure::of_proof(
            host,
            {{protocol::Identifier::dns("a.example").value(), protocol::ChallengeType::http_01,
              protocol::Problem(protocol::ProblemType::connection, "nobody answers")}});
    }
    /// Until when the order is refused; nothing if it may be tried.
    [[nodiscard]] std::optional<base::Time> refused_until(
        const OrderSubject& asked, LimitCaution caution = LimitCaution::limits) const {
        try {
            ledger_.require_admission(asked, caution);
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.phase(), Phase::order);
            EXPECT_THAT(failure.next(), HasSubstr(base::to_rfc3339(*failure.retry_at())));
            return failure.retry_at();
        }
        return std::nullopt;
    }

    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_ / "state"};
    base::ManualClock clock_{base::Time(1800000000s)};
    LimitLedger ledger_{state_, clock_};
};

TEST_F(Limits, RefuseWhatWasRefusedUntilTheCaSays) {
    EXPECT_FALSE(refused_until(subject()));
    ledger_.note(subject(), limited(2h, "too many \x1b[31mcertificates"));
    EXPECT_EQ(refused_until(subject()), clock_.now() + 2h);
    const auto text =
        testing::failure_of([this] { ledger_.require_admission(subject(), LimitCaution::limits); });
    EXPECT_THAT(text, HasSubstr("too many ?[31mcertificates"));
    EXPECT_THAT(text, HasSubstr("--force"));
    // Others may have what they ask for.
    EXPECT_FALSE(refused_until(subject("b.example")));
    EXPECT_FALSE(refused_until({"https://other.example/", "", {"a.example"}}));
    EXPECT_FALSE(refused_until({subject().directory_url, "work", {"a.example"}}));
    EXPECT_FALSE(refused_until(subject(), LimitCaution::none));
    ASSERT_EQ(ledger_.known().size(), 1U);
    EXPECT_EQ(ledger_.known().front().subject, subject());
    clock_.advance(2h);
    EXPECT_FALSE(refused_until(subject()));
    EXPECT_TRUE(ledger_.known().empty());
}

TEST_F(Limits, WithoutATimeThePauseGrowsFromRunToRun) {
    for (const base::Seconds pause : {10min, 20min, 40min}) {
        ledger_.note(subject(), limited());
        EXPECT_EQ(refused_until(subject()), clock_.now() + pause);
        clock_.advance(pause);
        EXPECT_FALSE(refused_until(subject()));
    }
    for (int i = 0; i < 100; ++i) ledger_.note(subject(), limited());
    EXPECT_EQ(refused_until(subject()), clock_.now() + 24h);
    ledger_.note_success(subject());
    EXPECT_FALSE(refused_until(subject()));
    ledger_.note(subject(), limited());
    EXPECT_EQ(refused_until(subject()), clock_.now() + 10min);
    clock_.advance(days{8});
    ledger_.note(subject(), limited());
    EXPECT_EQ(refused_until(subject()), clock_.now() + 10min) << "that is long ago";
}

TEST_F(Limits, OfTheAccountHoldForAllOfItsNames) {
    ledger_.note(subject(), limited(1h, "too many new orders (300) from this account"));
    EXPECT_EQ(refused_until(subject("b.example")), clock_.now() + 1h);
    EXPECT_FALSE(refused_until({subject().directory_url, "work", {"a.example"}}));
}

TEST_F(Limits, ThatMeetThreeSetsOfNamesAreTakenForThoseOfTheAccount) {
    ledger_.note(subject("a.example"), limited(5h));
    ledger_.note(subject("a.example"), limited(5h));
    ledger_.note(subject("b.example"), limited(5h));
    EXPECT_FALSE(refused_until(subject("d.example")));
    ledger_.note(subject("c.example"), limited(5h));
    EXPECT_EQ(refused_until(subject("d.example")), clock_.now() + 1h) << "it is a guess";
    clock_.advance(1h);
    EXPECT_FALSE(refused_until(subject("d.example")));
    EXPECT_TRUE(refused_until(subject("c.example")));
}

TEST_F(Limits, OfOtherTimesTellOfNoAccount) {
    for (const char* name : {"a.example", "b.example", "c.example", "d.example"}) {
        ledger_.note(subject(name), limited(1h));
        clock_.advance(1h);
    }
    EXPECT_FALSE(refused_until(subject("e.example")));
}

TEST_F(Limits, AreNotBelievedForever) {
    ledger_.note(subject(), limited(days{4000}));
    EXPECT_EQ(refused_until(subject()), clock_.now() + LimitLedger::longest_limit);
    clock_.set(clock_.now() - days{30});
    EXPECT_FALSE(refused_until(subject())) << "the clock has gone back";
}

TEST_F(Limits, AnOutageWithAnEndIsForAll) {
    const auto busy = Failure("order a certificate", 503, "busy", "").in(Phase::order);
    ledger_.note(subject(), busy);
    EXPECT_FALSE(refused_until(subject())) << "it does not say for how long";
    ledger_.note(subject(), busy.retrying_at(clock_.now() + 1h));
    EXPECT_EQ(refused_until(subject("b.example")), clock_.now() + 1h);
}

TEST_F(Limits, ProofsThatFailAreNotRepeatedAtWill) {
    using enum LimitCaution;
    for (int i = 0; i < 3; ++i) {
        ledger_.note(subject(), unconvinced());
        EXPECT_FALSE(refused_until(subject(), limits_and_proofs));
    }
    for (const base::Seconds pause : {1h, 2h, 4h, 8h, 16h, 24h, 24h}) {
        ledger_.note(subject(), unconvinced());
        EXPECT_EQ(refused_until(subject(), limits_and_proofs), clock_.now() + pause);
        EXPECT_FALSE(refused_until(subject(), limits)) << "somebody may have mended it";
        clock_.advance(pause);
    }
    ledger_.note_success(subject());
    ledger_.note(subject(), unconvinced());
    EXPECT_FALSE(refused_until(subject(), limits_and_proofs));
}

TEST_F(Limits, OtherFailuresAreNoLimits) {
    ledger_.note(subject(), Failure("reach the CA", "nobody answers"));
    ledger_.note(subject(), Failure({"order", Phase::order}, 500, "oops", ""));
    EXPECT_TRUE(file_names_in(state_.limits()).empty());
}

TEST_F(Limits, AreReadAsTheyWereWritten) {
    const KnownLimit limit{.subject = {"https://ca.example/", "work", {"a.example", "b.example"}},
                           .until = clock_.now(),
                           .refusals = 2,
                           .failed_proofs = 3,
                           .proofs_until = clock_.now() + 1h,
                           .came_back = "too \"many\"",
                           .limited_names = {std::string(32, 'a')}};
    const auto json = limit.to_json();
    const auto read = KnownLimit::from_json(base::bytes_of(json));
    ASSERT_TRUE(read) << json;
    EXPECT_EQ(read->to_json(), json);
    EXPECT_EQ(read->subject, limit.subject);
    for (const std::string_view damaged :
         {"{}", "[]", R"({"version": 2, "ca": "x"})", R"({"version": 1})",
          R"({"version": 1, "ca": "x", "limited_names": ["../../etc/passwd-0123456789abcdef"]})"})
        EXPECT_FALSE(KnownLimit::from_json(base::bytes_of(damaged))) << damaged;
}

TEST_F(Limits, AreForgottenBeyondABound) {
    make_private_directory(state_.limits());
    for (std::size_t i = 0; i < LimitLedger::max_subjects; ++i)
        std::ofstream(state_.limits() / std::to_string(i)) << "{";
    ledger_.note(subject(), limited(1h));
    EXPECT_LE(file_names_in(state_.limits()).size(), LimitLedger::max_subjects);
    EXPECT_TRUE(refused_until(subject()));
}

}  // namespace
}  // namespace cairn::client::limit_ledger_test
