#include "client/doctor/dns_judgment.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::doctor::dns_judgment_test {
namespace {

using protocol::ChallengeType;
using ::testing::HasSubstr;

Patient patient(std::string_view name, std::vector<ChallengeType> methods,
                std::string solver = {}) {
    return {.identifier = protocol::Identifier::dns(name).value(),
            .solver = std::move(solver),
            .methods = std::move(methods)};
}
Patient by_http() {
    return patient("www.example.org", {ChallengeType::http_01}, "webroot:/w");
}
Patient by_dns() {
    return patient("www.example.org", {ChallengeType::dns_01}, "exec:/p");
}

dns::Answer answer(std::vector<std::string> addresses) {
    dns::Answer made;
    made.canonical_name = "www.example.org";
    for (const auto& text : addresses)
        made.addresses.push_back(base::IpAddress::from_text(text).value());
    if (!addresses.empty()) made.outcome = dns::Answer::Outcome::found;
    return made;
}
dns::Answer no_such_name() {
    auto made = answer({});
    made.outcome = dns::Answer::Outcome::no_such_name;
    return made;
}
dns::Answer texts(std::string name, std::vector<std::string> values) {
    dns::Answer made;
    made.canonical_name = std::move(name);
    made.texts = std::move(values);
    if (!made.texts.empty()) made.outcome = dns::Answer::Outcome::found;
    return made;
}

Severity worst(const Findings& findings) {
    Severity severity = Severity::ok;
    for (const auto& finding : findings) severity = std::max(severity, finding.severity);
    return severity;
}
std::string words(const Findings& findings) {
    std::string text;
    for (const auto& finding : findings)
        text += std::string(to_string(finding.severity)) + " " + finding.looked_at + ": " +
                finding.came_back + "\n";
    return text;
}

TEST(JudgeResolution, WantsAnAddressForAProofByConnection) {
    struct Case {
        Patient patient;
        Resolution seen;
        Audience audience;
        Severity severity;
        const char* says;
    };
    const Case cases[] = {
        {by_http(),
         {answer({"192.0.2.1"}), answer({})},
         Audience::private_ca,
         Severity::ok,
         "192.0.2.1"},
        {by_http(),
         {answer({"10.0.0.1"}), answer({})},
         Audience::public_ca,
         Severity::problem,
         "not public: 10.0.0.1"},
        {by_dns(), {answer({"10.0.0.1"}), answer({})}, Audience::public_ca, Severity::ok, ""},
        {by_http(),
         {answer({}), answer({})},
         Audience::private_ca,
         Severity::problem,
         "no address"},
        {by_http(),
         {no_such_name(), no_such_name()},
         Audience::private_ca,
         Severity::problem,
         "does not exist"},
        {by_dns(), {no_such_name(), no_such_name()}, Audience::private_ca, Severity::ok, ""},
        {by_http(),
         {base::fail("SERVFAIL"), answer({})},
         Audience::private_ca,
         Severity::problem,
         "SERVFAIL"},
        {by_http(),
         {answer({"192.0.2.1"}), base::fail("SERVFAIL")},
         Audience::private_ca,
         Severity::problem,
         "192.0.2.1, and SERVFAIL"},
    };
    for (const auto& [who, seen, audience, severity, says] : cases) {
        const auto findings = judge_resolution(who, seen, audience);
        EXPECT_EQ(worst(findings), severity) << words(findings);
        EXPECT_THAT(words(findings), HasSubstr(says));
    }
}

ServerView view(std::string server, const dns::Answer& v4, std::uint32_t serial = 1) {
    dns::Answer start;
    start.outcome = dns::Answer::Outcome::found;
    start.is_authoritative = true;
    start.soa = dns::StartOfAuthority{"ns1.example.org", serial};
    return {std::move(server), base::IpAddress::from_text("192.0.2.53").value(), start, v4,
            answer({})};
}
ZoneView zone(std::vector<ServerView> servers) {
    return {dns::Zone{.apex = "example.org"}, std::move(servers)};
}

TEST(JudgeZone, NamesTheServersThatDiffer) {
    const auto same = judge_zone(
        by_http(), zone({view("ns1", answer({"192.0.2.1"})), view("ns2", answer({"192.0.2.1"}))}));
    EXPECT_EQ(worst(same), Severity::ok) << words(same);

    const auto other = judge_zone(
        by_http(), zone({view("ns1", answer({"192.0.2.1"})), view("ns2", answer({"192.0.2.2"}))}));
    EXPECT_EQ(worst(other), Severity::warning);
    EXPECT_THAT(words(other), HasSubstr("192.0.2.1 at ns1 (192.0.2.53); 192.0.2.2 at ns2"));

    const auto missing = judge_zone(
        by_http(), zone({view("ns1", answer({"192.0.2.1"})), view("ns2", no_such_name())}));
    EXPECT_EQ(worst(missing), Severity::problem) << words(missing);

    const auto late = judge_zone(by_http(), zone({view("ns1", answer({"192.0.2.1"}), 7),
                                                  view("ns2", answer({"192.0.2.1"}), 6)}));
    EXPECT_EQ(worst(late), Severity::warning);
    EXPECT_THAT(words(late), HasSubstr("ns2 (192.0.2.53) has 6; ns1 (192.0.2.53) has 7"));
}

TEST(JudgeZone, TellsSilentAndLameServers) {
    auto silent = view("ns1", answer({"192.0.2.1"}));
    silent.start_of_authority = base::fail("it does not answer");
    auto lame = view("ns2", answer({}));
    lame.start_of_authority->is_authoritative = false;
    const auto one = judge_zone(by_http(), zone({silent, view("ns3", answer({"192.0.2.1"}))}));
    EXPECT_EQ(worst(one), Severity::warning) << words(one);
    EXPECT_THAT(words(one), HasSubstr("does not answer"));
    const auto none = judge_zone(by_http(), zone({silent, lame}));
    EXPECT_EQ(worst(none), Severity::problem) << words(none);
    EXPECT_THAT(words(none), HasSubstr("it does not have the zone"));
    EXPECT_EQ(worst(judge_zone(by_http(), {base::fail("no zone was found")})), Severity::problem);
}

TEST(JudgeDnssec, TakesBogusAloneForAProblem) {
    using State = DnssecView::State;
    for (const auto& [state, severity] :
         {std::pair(State::secure, Severity::ok), std::pair(State::insecure, Severity::ok),
          std::pair(State::bogus, Severity::problem), std::pair(State::unknown, Severity::warning)})
        EXPECT_EQ(worst(judge_dnssec(by_http(), {state, "why"})), severity);
}

ChallengeRecordView records(std::vector<std::string> values, std::vector<std::string> doubled = {},
                            std::vector<std::string> unmade = {}) {
    return {.name = "_acme-challenge.www.example.org",
            .texts = texts("_acme-challenge.www.example.org", std::move(values)),
            .doubled_name = "_acme-challenge.www.example.org.example.org",
            .doubled = texts("_acme-challenge.www.example.org.example.org", std::move(doubled)),
            .unmade_name = "x.www.example.org",
            .unmade = texts("x.www.example.org", std::move(unmade))};
}

TEST(JudgeChallengeRecord, FindsWhatStandsInTheWrongPlace) {
    EXPECT_EQ(worst(judge_challenge_record(by_dns(), records({}))), Severity::ok);
    const auto left = judge_challenge_record(by_dns(), records({"old\x1b"}));
    EXPECT_EQ(worst(left), Severity::warning);
    EXPECT_THAT(words(left), HasSubstr("1 left: \"old?\""));
    const auto doubled = judge_challenge_record(by_dns(), records({}, {"value"}));
    EXPECT_EQ(worst(doubled), Severity::problem) << words(doubled);
    EXPECT_THAT(words(doubled), HasSubstr("stands twice"));
    const auto wild = judge_challenge_record(by_dns(), records({"v"}, {"v"}, {"v"}));
    EXPECT_EQ(worst(wild), Severity::warning) << words(wild);
    EXPECT_THAT(words(wild), HasSubstr("which nobody has made"));

    auto alias = records({});
    alias.texts->canonical_name = "elsewhere.example";
    EXPECT_THAT(words(judge_challenge_record(by_dns(), alias)),
                HasSubstr("an alias of elsewhere.example"));
    EXPECT_TRUE(judge_challenge_record(by_http(), records({"left"})).empty());
}

}  // namespace
}  // namespace cairn::client::doctor::dns_judgment_test
