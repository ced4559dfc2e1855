#include "client/doctor/web_judgment.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::doctor::web_judgment_test {
namespace {

using protocol::ChallengeType;
using ::testing::HasSubstr;

Patient by_webroot() {
    return {.identifier = protocol::Identifier::dns("www.example.org").value(),
            .solver = "webroot:/w",
            .methods = {ChallengeType::http_01}};
}

Hop hop(int status, std::string body = {}, std::string location = {}) {
    return {.url = "http://www.example.org/x",
            .place = "192.0.2.1:80",
            .status = status,
            .server = "nginx",
            .location = std::move(location),
            .body = std::move(body)};
}
Hop failed(Hop::Kind kind) {
    return {.url = "http://www.example.org/x",
            .place = "[2001:db8::1]:80",
            .fault = "nothing",
            .kind = kind};
}
WebView view(std::string_view address, std::vector<Hop> hops) {
    return {base::IpAddress::from_text(address).value(), std::move(hops)};
}

struct Seen {
    Severity severity = Severity::ok;
    std::string words;
};
Seen judged(const WebObservation& observation) {
    Seen seen;
    for (const auto& finding : judge_web(by_webroot(), observation)) {
        seen.severity = std::max(seen.severity, finding.severity);
        seen.words += std::string(to_string(finding.check)) + " " +
                      std::string(to_string(finding.severity)) + ": " + finding.came_back + "\n";
    }
    return seen;
}

TEST(JudgeWeb, ComparesTheAnswerWithTheProbe) {
    const auto good = judged({{view("192.0.2.1", {hop(200, "probe\n")})}, "probe"});
    EXPECT_EQ(good.severity, Severity::ok) << good.words;
    const auto other = judged({{view("192.0.2.1", {hop(404)})}, "probe"});
    EXPECT_EQ(other.severity, Severity::problem);
    EXPECT_THAT(other.words, HasSubstr("status 404 from \"nginx\", not what webroot:/w"));
    EXPECT_EQ(judged({{view("192.0.2.1", {hop(200, "other")})}, "probe"}).severity,
              Severity::problem);
    EXPECT_EQ(judged({{view("192.0.2.1", {hop(404)})}, std::nullopt}).severity, Severity::ok);
}

TEST(JudgeWeb, FindsTrapsOfIpv6) {
    const auto v4 = view("192.0.2.1", {hop(200, "probe")});
    const auto dead = judged({{view("2001:db8::1", {failed(Hop::Kind::refused)}), v4}, "probe"});
    EXPECT_EQ(dead.severity, Severity::problem);
    EXPECT_THAT(dead.words, HasSubstr("ipv6 problem: nothing, while IPv4 answers"));
    const auto unseen = judged({{view("2001:db8::1", {failed(Hop::Kind::no_route)}), v4}, "probe"});
    EXPECT_EQ(unseen.severity, Severity::warning) << unseen.words;
    const auto other =
        judged({{view("2001:db8::1", {hop(404)}), view("192.0.2.1", {hop(301)})}, std::nullopt});
    EXPECT_THAT(other.words, HasSubstr("another site may answer over IPv6"));
}

TEST(JudgeWeb, TellsThatNothingAnswers) {
    const auto none = judged({{view("192.0.2.1", {failed(Hop::Kind::silent)})}, "probe"});
    EXPECT_EQ(none.severity, Severity::problem);
    EXPECT_THAT(none.words, HasSubstr("port-80 problem"));
}

TEST(JudgeWeb, FollowsTheRedirects) {
    auto end = hop(200, "probe");
    end.url = "https://www.example.org/x";
    const auto https =
        judged({{view("192.0.2.1", {hop(301, {}, "https://www.example.org/x"), end})}, "probe"});
    EXPECT_EQ(https.severity, Severity::ok) << https.words;
    end.url = "https://other.example/x";
    const auto away =
        judged({{view("192.0.2.1", {hop(301, {}, "https://other.example/x"), end})}, "probe"});
    EXPECT_EQ(away.severity, Severity::warning) << away.words;
    auto loop = hop(302, {}, "/x");
    loop.kind = Hop::Kind::loop;
    loop.fault = "the redirects go round in a circle";
    const auto round = judged({{view("192.0.2.1", {loop})}, "probe"});
    EXPECT_EQ(round.severity, Severity::problem);
    EXPECT_THAT(round.words, HasSubstr("circle"));
}

}  // namespace
}  // namespace cairn::client::doctor::web_judgment_test
