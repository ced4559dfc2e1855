#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/shortage.h"
#include "dns/resolver.h"
#include "dns/testing/dns_server.h"
#include "dns/testing/task.h"
#include "net/testing/failing_sockets.h"

namespace cairn::dns::stub_resolver_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Outcome = Answer::Outcome;
using Transport = TestServer::Transport;
using Messages = TestServer::Messages;

base::Result<Answer> look_up(std::vector<std::string> servers, const std::string& name,
                             RecordType type,
                             base::Milliseconds timeout = base::Milliseconds(5000)) {
    const auto resolver =
        make_stub_resolver({.servers = std::move(servers), .dnssec = false, .timeout = timeout});
    return result_of(resolver->query(name, type));
}

TestServer::Respond always(TestReply reply) {
    return [reply = std::move(reply)](base::BytesView query, Transport) {
        return Messages{reply.to(query)};
    };
}

TEST(StubResolver, AsksAndReads) {
    TestServer server(always({.records = {{"", RecordType::txt, txt_data("hello")}}}));
    const auto answer = look_up({server.address()}, "_acme-challenge.Example.org", RecordType::txt);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->outcome, Outcome::found);
    EXPECT_THAT(answer->texts, ElementsAre("hello"));
    EXPECT_EQ(answer->time_to_live, 300U);
    EXPECT_EQ(server.queries(), 1);
}

TEST(StubResolver, NothingIsAnAnswer) {
    TestServer missing(always({.response_code = 3}));
    EXPECT_EQ(look_up({missing.address()}, "a.example", RecordType::a)->outcome,
              Outcome::no_such_name);
    TestServer empty(always({}));
    EXPECT_EQ(look_up({empty.address()}, "a.example", RecordType::caa)->outcome, Outcome::no_data);
}

// Check 178.
TEST(StubResolver, AReferralIsNoAnswer) {
    TestServer lame([](base::BytesView query, Transport) {
        auto message =
            TestReply{.records = {{"example", RecordType::ns, wire_name("ns.example")}}}.to(query);
        std::swap(message[7], message[9]);  // it stands in the authority section
        return Messages{message};
    });
    const auto answer = look_up({lame.address()}, "a.example", RecordType::caa);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("does not know the name"));
    TestServer knowing(always({}));
    EXPECT_TRUE(look_up({lame.address(), knowing.address()}, "a.example", RecordType::caa));
}

// As servers do that are older than RFC 6891: some repeat the question, most send a header alone.
TEST(StubResolver, AsksWithoutEdnsAServerThatDoesNotSpeakIt) {
    for (const int code : {1, 4})
        for (const bool repeats_question : {true, false}) {
            TestServer old([&](base::BytesView query, Transport) {
                constexpr std::size_t header = 12;
                const bool has_option_record = query[header - 1] == 1;
                if (!has_option_record)
                    return Messages{
                        TestReply{.records = {{"", RecordType::txt, txt_data("old")}}}.to(query)};
                auto refusal = TestReply{.response_code = code}.to(query);
                if (!repeats_question) {
                    refusal.resize(header);
                    refusal[5] = 0;
                }
                return Messages{refusal};
            });
            const auto answer = look_up({old.address()}, "a.example", RecordType::txt);
            ASSERT_TRUE(answer) << code << repeats_question << answer.error().message;
            EXPECT_THAT(answer->texts, ElementsAre("old"));
            EXPECT_EQ(old.queries(), 2);
        }
}

// Check 107.
TEST(StubResolver, AsksAgainOverTcpWhatWasTruncated) {
    TestReply large;
    for (int count = 0; count < 900; ++count) {
        large.records.push_back({"", RecordType::txt, txt_data("text " + std::to_string(count))});
    }
    TestServer server([&](base::BytesView query, Transport transport) {
        if (transport == Transport::tcp) return Messages{large.to(query)};
        return Messages{TestReply{.truncated = true}.to(query)};
    });
    const auto answer = look_up({server.address()}, "big.example", RecordType::txt);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->texts.size(), 900U);
    EXPECT_EQ(server.queries(), 2);
}

// Check 107.
TEST(StubResolver, RefusesTooManyRecords) {
    TestReply huge;
    huge.records.resize(4000, {"", RecordType::a, {192, 0, 2, 1}});
    TestServer server([&](base::BytesView query, Transport transport) {
        if (transport == Transport::tcp) return Messages{huge.to(query)};
        return Messages{TestReply{.truncated = true}.to(query)};
    });
    const auto answer = look_up({server.address()}, "huge.example", RecordType::a);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("more than 1000 records"));
}

// Check 108.
TEST(StubResolver, IgnoresDatagramsWithAnotherId) {
    TestServer server([](base::BytesView query, Transport) {
        auto forged = TestReply{.records = {{"", RecordType::a, {203, 0, 113, 66}}}}.to(query);
        forged[0] ^= 0xffU;
        auto genuine = TestReply{.records = {{"", RecordType::a, {192, 0, 2, 1}}}}.to(query);
        return Messages{{}, {1, 2, 3}, forged, genuine};
    });
    const auto answer = look_up({server.address()}, "a.example", RecordType::a);
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_EQ(answer->addresses.size(), 1U);
    EXPECT_EQ(answer->addresses[0].to_string(), "192.0.2.1");
}

/// The answer to `query`, made to repeat the question for another name.
base::Bytes answer_for_another_name(base::BytesView query) {
    base::Bytes other = make_query(0, "b.example", RecordType::a).value();
    std::ranges::copy(query.first(2), other.begin());
    return TestReply{.records = {{"", RecordType::a, {203, 0, 113, 66}}}}.to(other);
}

// Check 108.
TEST(StubResolver, IgnoresDatagramsForAnotherQuestion) {
    TestServer server([](base::BytesView query, Transport) {
        auto genuine = TestReply{.records = {{"", RecordType::a, {192, 0, 2, 1}}}}.to(query);
        return Messages{answer_for_another_name(query), genuine};
    });
    const auto answer = look_up({server.address()}, "a.example", RecordType::a);
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_EQ(answer->addresses.size(), 1U);
    EXPECT_EQ(answer->addresses[0].to_string(), "192.0.2.1");
}

// Check 108.
TEST(StubResolver, RefusesTheAnswerToAnotherQuestionOverTcp) {
    TestServer server([](base::BytesView query, Transport transport) {
        if (transport == Transport::tcp) return Messages{answer_for_another_name(query)};
        return Messages{TestReply{.truncated = true}.to(query)};
    });
    const auto answer = look_up({server.address()}, "a.example", RecordType::a);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("another question"));
}

TEST(StubResolver, FailuresNameServerAndReason) {
    TestServer failing(always({.response_code = 2}));
    const auto failure = look_up({failing.address()}, "a.example", RecordType::txt);
    ASSERT_FALSE(failure);
    EXPECT_EQ(failure.error().message, "looking up TXT for a.example: " + failing.address() +
                                           ": the server failed (SERVFAIL)");
    EXPECT_EQ(failing.queries(), 2) << "asked twice, then no more";

    TestServer silent([](base::BytesView, Transport) { return Messages(); });
    const auto timeout =
        look_up({silent.address()}, "a.example", RecordType::txt, base::Milliseconds(50));
    ASSERT_FALSE(timeout);
    EXPECT_THAT(timeout.error().message, HasSubstr("it does not answer"));

    std::uint16_t closed_port = 0;
    {
        closed_port = TestServer(always({})).port();
    }
    const auto closed =
        look_up({"127.0.0.1:" + std::to_string(closed_port)}, "a.example", RecordType::txt);
    ASSERT_FALSE(closed);
    EXPECT_THAT(closed.error().message, HasSubstr("refused"));

    EXPECT_FALSE(look_up({failing.address()}, "not a name", RecordType::a));
}

Resolver::AddressAnswers look_up_addresses(std::vector<std::string> servers,
                                           const std::string& name,
                                           base::Milliseconds patience = base::Milliseconds(5000)) {
    const auto resolver = make_stub_resolver({.servers = std::move(servers), .dnssec = false});
    return result_of(resolver->query_addresses(name, std::chrono::steady_clock::now() + patience));
}

RecordType type_asked(base::BytesView query) {
    const std::size_t class_and_type = 4;
    std::size_t at = 12;
    while (query[at] != 0) at += query[at] + 1U;
    EXPECT_GE(query.size(), at + 1 + class_and_type);
    return static_cast<RecordType>(query[at + 1] << 8U | query[at + 2]);
}

TestReply addresses_reply(base::BytesView query) {
    if (type_asked(query) == RecordType::a)
        return {.records = {{"", RecordType::a, {192, 0, 2, 1}}}};
    base::Bytes v6(16);
    v6.front() = 0x20;
    v6.back() = 1;
    return {.records = {{"", RecordType::aaaa, v6}}};
}

TEST(StubResolver, AsksForBothKindsOfAddressAtOnce) {
    // Answers only when both queries have arrived, the later one first.
    base::Bytes waiting;
    TestServer server([&](base::BytesView query, Transport) {
        if (waiting.empty()) {
            waiting = base::copy_of(query);
            return Messages();
        }
        return Messages{addresses_reply(query).to(query), addresses_reply(waiting).to(waiting)};
    });
    const auto answers = look_up_addresses({server.address()}, "a.example");
    ASSERT_TRUE(answers.v6 && answers.v4);
    ASSERT_EQ(answers.v6->addresses.size(), 1U);
    EXPECT_EQ(answers.v6->addresses[0].to_string(), "2000::1");
    ASSERT_EQ(answers.v4->addresses.size(), 1U);
    EXPECT_EQ(answers.v4->addresses[0].to_string(), "192.0.2.1");
    EXPECT_EQ(server.queries(), 2);
}

TEST(StubResolver, OneKindOfAddressMayFailAlone) {
    TestServer server([](base::BytesView query, Transport transport) {
        if (type_asked(query) == RecordType::aaaa)
            return Messages{TestReply{.response_code = 2}.to(query)};
        // Over TCP, so that the other failure meets a question that is not done yet.
        if (transport == Transport::udp) return Messages{TestReply{.truncated = true}.to(query)};
        return Messages{addresses_reply(query).to(query)};
    });
    const auto answers = look_up_addresses({server.address()}, "a.example");
    ASSERT_FALSE(answers.v6);
    EXPECT_THAT(answers.v6.error().message, HasSubstr("looking up AAAA for a.example"));
    EXPECT_THAT(answers.v6.error().message, HasSubstr("SERVFAIL"));
    ASSERT_TRUE(answers.v4) << answers.v4.error().message;
    EXPECT_EQ(answers.v4->addresses.size(), 1U);
}

TEST(StubResolver, ANameThatIsNoneFailsBothAtOnce) {
    TestServer server(always({}));
    const auto answers = look_up_addresses({server.address()}, "not a name");
    EXPECT_FALSE(answers.v6);
    EXPECT_FALSE(answers.v4);
    EXPECT_EQ(server.queries(), 0);
}

TEST(StubResolver, EndsByTheDeadline) {
    TestServer silent([](base::BytesView, Transport) { return Messages(); });
    const auto begun = std::chrono::steady_clock::now();
    const auto answers = look_up_addresses({silent.address()}, "a.example", base::Milliseconds(50));
    EXPECT_FALSE(answers.v6);
    EXPECT_FALSE(answers.v4);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));
}

TEST(StubResolver, TurnsToTheNextServer) {
    TestServer failing(always({.response_code = 2}));
    TestServer working(always({.records = {{"", RecordType::a, {192, 0, 2, 1}}}}));
    const auto answer = look_up({failing.address(), working.address()}, "a.example", RecordType::a);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->outcome, Outcome::found);
    EXPECT_EQ(failing.queries(), 1);
}

TEST(StubResolver, RepeatsALostDatagram) {
    std::atomic<int> seen = 0;
    TestServer server([&](base::BytesView query, Transport) {
        if (seen++ == 0) return Messages();
        return Messages{TestReply{}.to(query)};
    });
    EXPECT_TRUE(look_up({server.address()}, "a.example", RecordType::a));
    EXPECT_EQ(server.queries(), 2);
}

TEST(StubResolver, FollowsAnAliasThatTheServerLeavesUnfollowed) {
    TestServer server([](base::BytesView query, Transport) {
        TestReply reply;
        if (question_of(query).first == "a.example") {
            reply.records = {{"", RecordType::cname, wire_name("b.example"), 7}};
        } else {
            reply.records = {{"", RecordType::txt, txt_data("there")}};
        }
        return Messages{reply.to(query)};
    });
    const auto answer = look_up({server.address()}, "A.example", RecordType::txt);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_THAT(answer->texts, ElementsAre("there"));
    EXPECT_EQ(answer->canonical_name, "b.example");
    EXPECT_EQ(answer->time_to_live, 7U);
}

// Check 105.
TEST(StubResolver, GivesUpOnAnEndlessAlias) {
    TestServer server([](base::BytesView query, Transport) {
        const auto name = "x" + question_of(query).first.substr(0, 60);
        return Messages{TestReply{.records = {{"", RecordType::cname, wire_name(name)}}}.to(query)};
    });
    const auto answer = look_up({server.address()}, "a.example", RecordType::a);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("CNAME chain"));
    EXPECT_LE(server.queries(), 11);
}

TEST(StubResolver, ForgetsAtOnce) {
    std::atomic<bool> present = false;
    TestServer server([&](base::BytesView query, Transport) {
        TestReply reply;
        if (present) reply.records = {{"", RecordType::txt, txt_data("now")}};
        return Messages{reply.to(query)};
    });
    EXPECT_EQ(look_up({server.address()}, "a.example", RecordType::txt)->outcome, Outcome::no_data);
    present = true;
    EXPECT_EQ(look_up({server.address()}, "a.example", RecordType::txt)->outcome, Outcome::found);
}

TEST(StubResolver, RefusesBadServers) {
    for (const char* server : {"localhost", "127.0.0.1:x", "[::1", "::1:53:", ""}) {
        EXPECT_THROW(static_cast<void>(make_stub_resolver({.servers = {server}})),
                     std::runtime_error)
            << server;
    }
    EXPECT_THROW(static_cast<void>(make_stub_resolver({})), std::runtime_error);
}

TEST(StubResolver, WantOfDescriptorsIsNoAnswer) {
    TestServer server(always({}));
    const auto resolver = make_stub_resolver({.servers = {server.address()}, .dnssec = false});
    const auto ask = [&]() -> base::Task<bool> {
        const net::FailingSockets no_descriptors(EMFILE);
        try {
            (void)co_await resolver->query("a.example", RecordType::a);
        } catch (const base::Shortage&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(result_of(ask()));
    EXPECT_EQ(server.queries(), 0);
}

}  // namespace
}  // namespace cairn::dns::stub_resolver_test
