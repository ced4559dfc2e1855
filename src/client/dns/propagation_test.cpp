#include "client/dns/propagation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/failure.h"
#include "client/testing/fake_dns.h"

namespace cairn::client::propagation_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::record;
using enum dns::RecordType;

TEST(Propagation, ReadsItsWords) {
    for (const auto* text : {"authoritative", "resolver", "none", "90s", "2m"})
        EXPECT_EQ(Propagation::from_text(text).value().to_text(), text);
    for (const auto* text : {"", "soon", "90", "2d", "-5s"})
        EXPECT_FALSE(Propagation::from_text(text)) << text;
}

class PropagationWatchTest : public ::testing::Test {
  protected:
    PropagationWatchTest() {
        for (const auto* address : {"192.0.2.1:53", "192.0.2.2:53"})
            place_.servers.push_back({"ns" + std::to_string(place_.servers.size() + 1) + ".example",
                                      net::SocketAddress::from_text(address).value()});
        show("192.0.2.1:53", true);
        show("192.0.2.2:53", true);
    }
    void show(const std::string& server, bool is_there) {
        testing::FakeDns::Answer answer;
        if (is_there) answer.answers = {record(place_.name, txt, "the-value")};
        dns_.put(server, place_.name, txt, answer);
    }
    std::string outcome(const Propagation& propagation, std::chrono::seconds patience = 100s) {
        const PropagationWatch watch(dns_.ask(), timer_,
                                     {net::SocketAddress::from_text("192.0.2.53:53").value()});
        try {
            watch.wait(place_, "the-value", propagation, patience,
                       {.tell = [&](const std::string& who) { told_ += who + "\n"; },
                        .set_again = [&] { ++settings_; },
                        .leave_out = [&](const std::string& who) { left_out_ += who; }});
        } catch (const Failure& failure) {
            return failure.what();
        }
        return "seen";
    }
    testing::FakeDns dns_;
    InstantTimer timer_;
    RecordPlace place_{"_acme-challenge.example", "example", {}};
    std::string told_, left_out_;
    int settings_ = 0;
};

TEST_F(PropagationWatchTest, WaitsForEveryServer) {
    EXPECT_EQ(outcome({}), "seen");
    EXPECT_EQ(timer_.waited(), 0ms);
    show("192.0.2.2:53", false);
    dns_.before_txt = [&] {
        if (timer_.waited() > 10s) show("192.0.2.2:53", true);
    };
    EXPECT_EQ(outcome({}), "seen");
    EXPECT_GT(timer_.waited(), 10s);
    EXPECT_THAT(told_, HasSubstr("ns2.example (192.0.2.2) does not show it yet"));
    EXPECT_EQ(settings_, 0);
}

TEST_F(PropagationWatchTest, NamesWhoLacksItWhenTimeIsUp) {
    show("192.0.2.2:53", false);
    const auto words = outcome({});
    EXPECT_THAT(words, HasSubstr("after 100s, ns2.example (192.0.2.2) does not show it yet"));
    EXPECT_THAT(words, HasSubstr("--propagation resolver"));
    EXPECT_EQ(words.find("ns1.example"), std::string::npos);
    EXPECT_GE(settings_, 2) << "another writer may have overwritten it";
}

TEST_F(PropagationWatchTest, SaysWhatAServerAnswersInstead) {
    dns_.put("192.0.2.2:53", place_.name, txt, {.code = 2});
    EXPECT_THAT(outcome({}), HasSubstr("ns2.example (192.0.2.2) answers SERVFAIL"));
    dns_.put("192.0.2.2:53", place_.name, txt,
             {.is_authoritative = false, .answers = {record(place_.name, txt, "the-value")}});
    EXPECT_THAT(outcome({}), HasSubstr("without authority"));
}

TEST_F(PropagationWatchTest, LeavesOutWhoIsSilentForLong) {
    dns_.silence("192.0.2.2:53");
    EXPECT_EQ(outcome({}), "seen");
    EXPECT_GE(timer_.waited(), 30s);
    EXPECT_THAT(left_out_, HasSubstr("ns2.example (192.0.2.2) does not answer"));
    // If nobody answers, nothing was seen.
    dns_.silence("192.0.2.1:53");
    EXPECT_THAT(outcome({}), HasSubstr("ns1.example (192.0.2.1) does not answer"));
}

TEST_F(PropagationWatchTest, AsksAResolverOrNobody) {
    place_.servers.clear();
    EXPECT_THAT(outcome({.kind = Propagation::Kind::resolver}),
                HasSubstr("the resolver 192.0.2.53:53 does not show it yet"));
    show("192.0.2.53:53", true);
    const auto before = timer_.waited();
    EXPECT_EQ(outcome({.kind = Propagation::Kind::resolver}), "seen");
    EXPECT_EQ(outcome({.kind = Propagation::Kind::none}), "seen");
    EXPECT_EQ(timer_.waited(), before);
    EXPECT_EQ(outcome({.kind = Propagation::Kind::duration, .duration = 90s}), "seen");
    EXPECT_EQ(timer_.waited(), before + 90s);
    EXPECT_EQ(outcome({}), "seen") << "nobody can be asked";
    EXPECT_THAT(left_out_, HasSubstr("no server of its zone is known here"));
}

}  // namespace
}  // namespace cairn::client::propagation_test
