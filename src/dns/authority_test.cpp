#include "dns/authority.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/testing/dns_server.h"
#include "dns/testing/task.h"

namespace cairn::dns::authority_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Transport = TestServer::Transport;
using Messages = TestServer::Messages;
using std::chrono::steady_clock;

base::Result<Answer> ask(const TestServer& server, RecordType type,
                         base::Milliseconds patience = base::Milliseconds(5000)) {
    return result_of(ask_authority(net::SocketAddress::from_text(server.address()).value(),
                                   "a.example", type, steady_clock::now() + patience));
}

TEST(Authority, IsAskedForWhatItHasItself) {
    std::atomic<int> flags = -1;
    TestServer server([&](base::BytesView query, Transport) {
        flags = query[2];
        auto message = TestReply{.records = {{"", RecordType::txt, txt_data("hello")}}}.to(query);
        message[2] |= 0x04;
        return Messages{message};
    });
    const auto answer = ask(server, RecordType::txt);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_THAT(answer->texts, ElementsAre("hello"));
    EXPECT_TRUE(answer->is_authoritative);
    EXPECT_EQ(flags, 0) << "recursion was asked for";
}

TEST(Authority, MayRefuse) {
    TestServer server([](base::BytesView query, Transport) {
        return Messages{TestReply{.response_code = 5}.to(query)};
    });
    const auto answer = ask(server, RecordType::a);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->outcome, Answer::Outcome::refused);
    EXPECT_FALSE(answer->is_authoritative);
}

TEST(Authority, IsAskedOverTcpForWhatIsLarge) {
    TestServer server([](base::BytesView query, Transport transport) {
        if (transport == Transport::udp) return Messages{TestReply{.truncated = true}.to(query)};
        return Messages{TestReply{.records = {{"", RecordType::a, {192, 0, 2, 1}}}}.to(query)};
    });
    const auto answer = ask(server, RecordType::a);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->addresses.size(), 1U);
}

TEST(Authority, IsAskedTwiceIfItIsSilent) {
    std::atomic<int> asked = 0;
    TestServer server([&](base::BytesView query, Transport) {
        if (++asked == 1) return Messages{};
        return Messages{TestReply{}.to(query)};
    });
    const auto answer = ask(server, RecordType::a);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->outcome, Answer::Outcome::no_data);
    EXPECT_EQ(asked, 2);
}

TEST(Authority, ThatSaysNothingIsNotWaitedForBeyondTheDeadline) {
    TestServer server([](base::BytesView, Transport) { return Messages{}; });
    const auto begun = steady_clock::now();
    const auto answer = ask(server, RecordType::a, base::Milliseconds(200));
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr(server.address()));
    EXPECT_THAT(answer.error().message, HasSubstr("does not answer"));
    EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(3));
}

}  // namespace
}  // namespace cairn::dns::authority_test
