#include "apps/ca/readiness.h"

#include <set>

#include <gtest/gtest.h>

namespace cairn::apps::readiness_test {
namespace {

using Certificate = ReadinessFacts::Certificate;
using Role = Certificate::Role;
using Deviation = ca::ClockWatch::Deviation;
using std::chrono::days;
using std::chrono::hours;

const base::Time now{base::Seconds(1'800'000'000)};

Certificate issuer(base::Time not_before, base::Time not_after) {
    return {Role::issuer, "intermediate", not_before, not_after, days(90)};
}
Certificate server(base::Time not_after) {
    return {Role::server, "", now - days(20), not_after, {}};
}

ReadinessFacts good() {
    return {.now = now,
            .free_octets = std::uintmax_t{10} << 30U,
            .certificates = {issuer(now - days(1), now + days(900)), server(now + days(20))}};
}

std::vector<Obstacle> obstacles_of(const ReadinessFacts& facts) {
    std::vector<Obstacle> result;
    for (const auto& finding : readiness_findings(facts)) {
        EXPECT_FALSE(finding.text.empty());
        EXPECT_EQ(finding.text.find('\n'), std::string::npos);
        result.push_back(finding.obstacle);
    }
    return result;
}

TEST(ReadinessTest, FindsNothingWhereAllIsWell) {
    EXPECT_TRUE(readiness_findings(good()).empty());
    auto without_a_disk = good();
    without_a_disk.free_octets.reset();
    EXPECT_TRUE(readiness_findings(without_a_disk).empty());
}

TEST(ReadinessTest, NotesThatNodesDisagreeAndIsReadyAllTheSame) {
    auto facts = good();
    EXPECT_TRUE(readiness_notes(facts).empty());
    facts.differing_nodes = {"ca2 0.0.0.0:443", "ca3 0.0.0.0:443"};
    EXPECT_TRUE(readiness_findings(facts).empty());
    EXPECT_EQ(readiness_notes(facts),
              std::vector<std::string>{"nodes_disagree: another configuration or other issuers "
                                       "have: ca2 0.0.0.0:443, ca3 0.0.0.0:443"});
}

TEST(ReadinessTest, NotesThatAChainEndsTooSoonForWhatItIssues) {
    auto facts = good();
    auto& issuer = facts.certificates.front();
    issuer.not_after = now + days(90);
    EXPECT_TRUE(readiness_notes(facts).empty());
    issuer.not_after -= base::Seconds(1);
    EXPECT_TRUE(readiness_findings(facts).empty());
    ASSERT_EQ(readiness_notes(facts).size(), 1U);
    const auto note = readiness_notes(facts).front();
    EXPECT_TRUE(
        note.starts_with("issuer_shortens: the chain of the issuer \"intermediate\" ends at "
                         "2027-04-15T07:59:59Z,"))
        << note;
    issuer.not_after = now + base::Seconds(1);
    EXPECT_EQ(obstacles_of(facts), std::vector{Obstacle::issuer_expiring});
    EXPECT_TRUE(readiness_notes(facts).empty());
    issuer.not_after = now + days(1);
    issuer.longest_life = base::Seconds(0);  // it serves no profile
    EXPECT_TRUE(readiness_notes(facts).empty());
}

TEST(ReadinessTest, FindsEachObstacle) {
    struct Case {
        const char* name;
        void (*spoil)(ReadinessFacts&);
        Obstacle obstacle;
    };
    for (const auto& [name, spoil, obstacle] : std::vector<Case>{
             {"draining", [](auto& facts) { facts.draining = true; }, Obstacle::draining},
             {"store", [](auto& facts) { facts.store_failure = "disk I/O error"; },
              Obstacle::store},
             {"disk", [](auto& facts) { facts.free_octets = least_free_octets - 1; },
              Obstacle::disk},
             {"issuer expired a second ago",
              [](auto& facts) {
                  facts.certificates[0] = issuer(now - days(2), now - base::Seconds(1));
              },
              Obstacle::issuer_expired},
             {"issuer about to expire",
              [](auto& facts) {
                  facts.certificates[0] =
                      issuer(now - days(2), now + least_issuer_life - base::Seconds(1));
              },
              Obstacle::issuer_expiring},
             {"clock before the issuer's first second",
              [](auto& facts) { facts.certificates[0] = issuer(now + hours(1), now + days(9)); },
              Obstacle::issuer_not_yet_valid},
             {"clock ahead of its course",
              [](auto& facts) {
                  facts.clock = {{Deviation::From::course, std::chrono::minutes(1)}};
              },
              Obstacle::clock},
             {"clock behind the database's",
              [](auto& facts) {
                  facts.clock = {{Deviation::From::course, std::chrono::seconds(0)},
                                 {Deviation::From::database, -std::chrono::seconds(6)}};
              },
              Obstacle::clock},
             {"own certificate begins in a second",
              [](auto& facts) { facts.certificates[1].not_before = now + base::Seconds(1); },
              Obstacle::server_certificate_not_yet_valid},
             {"own certificate expired",
              [](auto& facts) { facts.certificates[1] = server(now - base::Seconds(1)); },
              Obstacle::server_certificate_expired},
         }) {
        auto facts = good();
        spoil(facts);
        EXPECT_EQ(obstacles_of(facts), std::vector{obstacle}) << name;
    }
}

TEST(ReadinessTest, StillAcceptsTheLastMoment) {
    auto facts = good();
    facts.free_octets = least_free_octets;
    facts.certificates = {issuer(now, now + least_issuer_life), server(now)};
    EXPECT_TRUE(readiness_findings(facts).empty());
}

TEST(ReadinessTest, SaysByHowMuchTheClockIsWrong) {
    using From = Deviation::From;
    EXPECT_EQ(clock_finding({From::database, days(60) + std::chrono::milliseconds(1500)}, now),
              "this machine's clock is 5184001 s (60 days) ahead of the database's; nothing is "
              "removed meanwhile; set it right");
    EXPECT_EQ(
        clock_finding({From::course, -days(3)}, now),
        "this machine's clock is 259200 s (3 days) behind the time at which the CA believed "
        "it last and what has passed since; nothing is removed meanwhile; set it right. If it "
        "is right, write confirmed = \"2027-01-15T08:00:00Z\" under [clock] into ca.toml and "
        "send SIGHUP");
    EXPECT_FALSE(clock_finding({From::course, std::chrono::seconds(30)}, now));
    EXPECT_FALSE(clock_finding({From::database, -std::chrono::seconds(5)}, now));
}

TEST(ReadinessTest, FindsAllAtOnceAndNamesThem) {
    auto facts = good();
    facts.certificates = {server(now - days(1)), issuer(now - days(9), now - days(1))};
    facts.store_failure = "database or disk is full";
    facts.draining = true;
    const std::vector expected{Obstacle::draining, Obstacle::store, Obstacle::issuer_expired,
                               Obstacle::server_certificate_expired};
    EXPECT_EQ(obstacles_of(facts), expected);
    EXPECT_NE(readiness_findings(facts)[1].text.find("database or disk is full"),
              std::string::npos);
    EXPECT_NE(readiness_findings(facts)[2].text.find("intermediate"), std::string::npos);
}

TEST(ReadinessTest, EveryObstacleHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < obstacles; ++i) names.insert(to_string(static_cast<Obstacle>(i)));
    EXPECT_EQ(names.size(), obstacles);
}

}  // namespace
}  // namespace cairn::apps::readiness_test
