#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/shortage.h"
#include "dns/resolver.h"
#include "dns/testing/dns_server.h"
#include "dns/testing/task.h"
#include "net/event_loops.h"
#include "net/testing/failing_sockets.h"

namespace cairn::dns::unbound_resolver_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Outcome = Answer::Outcome;
using Transport = TestServer::Transport;
using Messages = TestServer::Messages;
using std::chrono::steady_clock;

TestReply text_reply(std::string_view text) {
    return {.records = {{"", RecordType::txt, txt_data(text)}}};
}

/// From a server that does not know the zone that it is thought to have.
base::Bytes referral(base::BytesView query) {
    auto message =
        TestReply{.records = {{"example", RecordType::ns, wire_name("ns.example")}}}.to(query);
    std::swap(message[7], message[9]);  // it stands in the authority section
    return message;
}

/// From a server of the zone that leaves out its SOA record.
base::Bytes bare_denial(base::BytesView query) {
    constexpr std::uint8_t authoritative = 0x04, recursion_available = 0x80;
    auto message = TestReply{}.to(query);
    message[2] |= authoritative;
    message[3] &= static_cast<std::uint8_t>(~recursion_available);
    return message;
}

/// A forwarder whose reply the test changes; the resolver asks it without DNSSEC.
class UnboundResolver : public ::testing::Test {
  protected:
    enum class Mode {
        nothing,
        missing,
        failing,
        silent,
        text,
        other_text,
        lame,
        denying,
        denying_for_a_second,
        without_edns
    };

    [[nodiscard]] Messages respond(base::BytesView query) {
        switch (mode_.load()) {
            case Mode::nothing:
                return {TestReply{}.to(query)};
            case Mode::missing:
                return {TestReply{.response_code = 3}.to(query)};
            case Mode::failing:
                return {TestReply{.response_code = 2}.to(query)};
            case Mode::silent:
                return {};
            case Mode::text:
                return {text_reply("one").to(query)};
            case Mode::other_text:
                return {text_reply("two").to(query)};
            case Mode::lame:
                if (question_of(query).second != static_cast<std::uint16_t>(RecordType::txt) ||
                    lame_answers_-- > 0)
                    return {referral(query)};
                return {text_reply("one").to(query)};
            case Mode::denying:
                return {bare_denial(query)};
            case Mode::denying_for_a_second:
                if (!first_denial_) first_denial_ = steady_clock::now();
                if (steady_clock::now() - *first_denial_ < std::chrono::seconds(1))
                    return {bare_denial(query)};
                return {TestReply{.records = {{"", RecordType::aaaa, base::Bytes(16, 0x20)}}}.to(
                    query)};
            case Mode::without_edns: {
                constexpr std::size_t count_of_additional_records = 11;
                if (query[count_of_additional_records] == 0) return {text_reply("old").to(query)};
                return {TestReply{.response_code = 1}.to(query)};
            }
        }
        return {};
    }
    [[nodiscard]] std::unique_ptr<Resolver> resolver(
        base::Milliseconds timeout = base::Milliseconds(5000)) {
        return make_unbound_resolver(
            loops_.executor(0),
            {.servers = {server_.address()}, .dnssec = false, .timeout = timeout});
    }
    /// One that takes the server for the only one of the zone example.
    [[nodiscard]] std::unique_ptr<Resolver> resolver_of_zone(base::Milliseconds timeout) {
        return make_unbound_resolver(loops_.executor(0),
                                     {.servers = {server_.address()},
                                      .dnssec = false,
                                      .timeout = timeout,
                                      .zones = {{.name = "example",
                                                 .kind = ResolverZone::Kind::stub,
                                                 .servers = {server_.address()},
                                                 .dnssec = false}}});
    }
    [[nodiscard]] static base::Result<Answer> ask(Resolver& resolver) {
        return result_of(resolver.query("a.example", RecordType::txt));
    }
    /// Asks until there is a text, with a deadline.
    [[nodiscard]] static bool finds_text_soon(Resolver& resolver) {
        const auto end = steady_clock::now() + std::chrono::seconds(3);
        while (steady_clock::now() < end) {
            const auto answer = ask(resolver);
            if (answer && answer->outcome == Outcome::found) return true;
            std::this_thread::yield();
        }
        return false;
    }

    std::atomic<Mode> mode_ = Mode::text;
    std::atomic<int> lame_answers_ = 0;
    std::optional<steady_clock::time_point> first_denial_;  ///< of the server's thread alone
    TestServer server_{[this](base::BytesView query, Transport) { return respond(query); }};
    net::EventLoops loops_{1};
};

TEST_F(UnboundResolver, AsksTheForwarder) {
    const auto unbound = resolver();
    const auto answer = ask(*unbound);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->outcome, Outcome::found);
    EXPECT_THAT(answer->texts, ElementsAre("one"));
    EXPECT_EQ(server_.queries(), 1);
    mode_ = Mode::missing;
    EXPECT_EQ(ask(*unbound)->outcome, Outcome::no_such_name);
}

TEST_F(UnboundResolver, AsksWithoutEdnsAServerThatDoesNotSpeakIt) {
    mode_ = Mode::without_edns;
    const auto unbound = resolver();
    const auto answer = ask(*unbound);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_THAT(answer->texts, ElementsAre("old"));
}

TEST_F(UnboundResolver, SeesAChangedRecordAtOnce) {
    const auto unbound = resolver();
    EXPECT_THAT(ask(*unbound)->texts, ElementsAre("one"));
    mode_ = Mode::other_text;
    EXPECT_THAT(ask(*unbound)->texts, ElementsAre("two"));
}

TEST_F(UnboundResolver, RemembersNothingForLong) {
    for (const Mode mode : {Mode::nothing, Mode::missing, Mode::failing}) {
        const auto unbound = resolver();
        mode_ = mode;
        static_cast<void>(ask(*unbound));
        mode_ = Mode::text;
        EXPECT_TRUE(finds_text_soon(*unbound)) << static_cast<int>(mode);
    }
}

// Check 178.
TEST_F(UnboundResolver, AReferralDeniesNothing) {
    mode_ = Mode::lame;
    lame_answers_ = 1000;
    const auto hasty = resolver_of_zone(base::Milliseconds(500));
    const auto answer = result_of(hasty->query("a.example", RecordType::caa));
    ASSERT_FALSE(answer);
    // The libunbound of Debian 13 itself takes no referral from such a server.
    if (answer.error().message.find("SERVFAIL") != std::string::npos) return;
    EXPECT_THAT(answer.error().message, HasSubstr("without the zone's SOA record"));

    // The server may be another one the next time: it is asked for again.
    lame_answers_ = 1;
    const auto patient = resolver_of_zone(base::Milliseconds(20000));
    const auto later = ask(*patient);
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_THAT(later->texts, ElementsAre("one"));
}

// Each try takes more than a second, and a server that has no IPv6 often denies it so.
TEST_F(UnboundResolver, AnAddressThatIsDeniedWithoutSoaIsNotAskedForAgain) {
    mode_ = Mode::denying_for_a_second;
    const auto patient = resolver_of_zone(base::Milliseconds(20000));
    const auto answer = result_of(patient->query("a.example", RecordType::aaaa));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->outcome, Outcome::no_data) << "a later question was answered";
}

TEST_F(UnboundResolver, ARecordThatIsDeniedWithoutSoaIsAskedForAFewTimes) {
    mode_ = Mode::denying;
    const auto patient = resolver_of_zone(base::Milliseconds(20000));
    EXPECT_FALSE(result_of(patient->query("a.example", RecordType::caa)));
    // libunbound itself may ask more than once for each of four tries.
    EXPECT_GE(server_.queries(), 4);
    EXPECT_LE(server_.queries(), 24);
}

TEST_F(UnboundResolver, AsksAServerAgainThatWasSilent) {
    const auto unbound = resolver(base::Milliseconds(300));
    mode_ = Mode::silent;
    for (int count = 0; count < 5; ++count) {
        const auto answer = ask(*unbound);
        ASSERT_FALSE(answer);
        EXPECT_THAT(answer.error().message, HasSubstr("no answer within 300 ms"));
    }
    mode_ = Mode::text;
    EXPECT_TRUE(finds_text_soon(*unbound));
}

TEST_F(UnboundResolver, AsksAServerAgainThatWasDown) {
    net::EventLoops loops(1);
    std::uint16_t port = 0;
    const auto working = [](base::BytesView query, Transport) {
        return Messages{text_reply("one").to(query)};
    };
    {
        port = TestServer(working).port();
    }
    const auto unbound =
        make_unbound_resolver(loops.executor(0), {.servers = {"127.0.0.1:" + std::to_string(port)},
                                                  .dnssec = false,
                                                  .timeout = base::Milliseconds(500)});
    const auto down = ask(*unbound);
    ASSERT_FALSE(down);
    EXPECT_THAT(down.error().message, HasSubstr("looking up TXT for a.example"));
    const TestServer server(working, port);
    EXPECT_TRUE(finds_text_soon(*unbound));
}

TEST_F(UnboundResolver, FailureIsAnError) {
    const auto unbound = resolver();
    mode_ = Mode::failing;
    const auto answer = ask(*unbound);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("SERVFAIL"));
    EXPECT_FALSE(result_of(unbound->query("no name", RecordType::a)));
    EXPECT_FALSE(result_of(unbound->query(".", RecordType::a)));
}

TEST_F(UnboundResolver, LeavesReservedZonesToTheForwarder) {
    const auto unbound = resolver();
    for (const char* name : {"a.test", "1.0.0.10.in-addr.arpa", "nas.home.arpa"}) {
        const auto answer = result_of(unbound->query(name, RecordType::txt));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->outcome, Outcome::found) << name;
    }
}

TEST_F(UnboundResolver, AnswersManyAtOnce) {
    const auto unbound = resolver();
    boost::asio::io_context context;
    std::vector<std::future<base::Result<Answer>>> answers;
    for (int count = 0; count < 200; ++count) {
        answers.push_back(boost::asio::co_spawn(
            context, unbound->query("n" + std::to_string(count) + ".example", RecordType::txt),
            boost::asio::use_future));
    }
    context.run();
    for (auto& future : answers) {
        const auto answer = future.get();
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->outcome, Outcome::found);
    }
}

TEST_F(UnboundResolver, EndsItsQueriesWhenItGoes) {
    mode_ = Mode::silent;
    auto unbound = resolver(base::Milliseconds(60000));
    boost::asio::io_context context;
    auto future = boost::asio::co_spawn(context, unbound->query("a.example", RecordType::txt),
                                        boost::asio::use_future);
    std::thread thread([&] { context.run(); });
    while (server_.queries() == 0) std::this_thread::yield();
    unbound.reset();
    thread.join();
    // The end of this process says nothing about the name.
    EXPECT_THROW(static_cast<void>(future.get()), base::Shortage);
}

TEST_F(UnboundResolver, RefusesAnswersWithoutSignaturesWhereTheyMustBe) {
    // The forwarder answers for the root without signatures.
    const auto unbound =
        make_unbound_resolver(loops_.executor(0), {.servers = {server_.address()}, .dnssec = true});
    const auto answer = ask(*unbound);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("DNSSEC validation failed"));
}

TEST_F(UnboundResolver, RefusesBadOptions) {
    const auto executor = loops_.executor(0);
    EXPECT_THROW(static_cast<void>(make_unbound_resolver(executor, {.servers = {"nowhere"}})),
                 std::runtime_error);
    EXPECT_THROW(static_cast<void>(
                     make_unbound_resolver(executor, {.trust_anchor_file = "/nowhere/root.key"})),
                 std::runtime_error);
}

TEST_F(UnboundResolver, ForwardersWithoutDnssecAreAskedDirectly) {
    const auto direct =
        make_resolver(loops_.executor(0), {.servers = {server_.address()}, .dnssec = false});
    mode_ = Mode::nothing;
    EXPECT_EQ(ask(*direct)->outcome, Outcome::no_data);
    mode_ = Mode::text;
    EXPECT_EQ(ask(*direct)->outcome, Outcome::found);
}

TEST_F(UnboundResolver, WantOfDescriptorsIsNoAnswer) {
    const auto unbound = resolver(base::Milliseconds(1000));
    EXPECT_TRUE(ask(*unbound));
    const auto short_of_descriptors = [&]() -> base::Task<bool> {
        const net::FailingSockets no_descriptors(EMFILE);
        try {
            (void)co_await unbound->query("a.example", RecordType::txt);
        } catch (const base::Shortage&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(result_of(short_of_descriptors()));
}

TEST_F(UnboundResolver, NamesThatNobodyAnswersForKeepOthersNotWaiting) {
    TestServer server([](base::BytesView query, Transport) {
        constexpr std::size_t first_letter = 13;
        // Letters are in either case.
        if ((query[first_letter] | 0x20) == 's') return Messages{};
        return Messages{text_reply("here").to(query)};
    });
    const auto unbound =
        make_unbound_resolver(loops_.executor(0), {.servers = {server.address()}, .dnssec = false});
    base::TaskGroup silent([](const std::exception_ptr&) {});
    const auto ask_silent = [&](int number) -> base::Task<void> {
        (void)co_await unbound->query("s" + std::to_string(number) + ".example", RecordType::txt);
    };
    for (int number = 0; number < 1000; ++number)
        silent.spawn(loops_.executor(0), ask_silent(number));
    while (server.queries() < 400) std::this_thread::yield();
    for (int number = 0; number < 5; ++number) {
        const auto begin = steady_clock::now();
        const auto answer = result_of(unbound->query("a.example", RecordType::txt));
        EXPECT_TRUE(answer) << answer.error().message;
        // Far less than a silent name takes, and as much as a busy machine may need.
        EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(3));
    }
    silent.close(base::Milliseconds(0));
}

TEST_F(UnboundResolver, GuessesMustHitTheCaseOfLetters) {
    std::atomic<bool> is_mixed = false;
    TestServer server([&](base::BytesView query, Transport) {
        if (base::text_of(query).find("many-letters-in-one-long-name") == std::string_view::npos)
            is_mixed = true;
        return Messages{text_reply("here").to(query)};
    });
    const auto unbound =
        make_unbound_resolver(loops_.executor(0), {.servers = {server.address()}, .dnssec = false});
    EXPECT_TRUE(
        result_of(unbound->query("many-letters-in-one-long-name.example", RecordType::txt)));
    EXPECT_TRUE(is_mixed);
}

TEST_F(UnboundResolver, AZoneHasServersOfItsOwn) {
    TestServer zone([](base::BytesView query, Transport) {
        return Messages{text_reply("of the zone").to(query)};
    });
    const auto unbound = make_resolver(
        loops_.executor(0),
        {.servers = {server_.address()},
         .dnssec = false,
         .zones = {
             {.name = "corp.example", .servers = {zone.address()}},
             {.name = "internal", .kind = ResolverZone::Kind::stub, .servers = {zone.address()}}}});
    for (const auto* name : {"www.corp.example", "corp.example", "a.b.internal"}) {
        const auto answer = result_of(unbound->query(name, RecordType::txt));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_THAT(answer->texts, ElementsAre("of the zone")) << name;
    }
    EXPECT_THAT(result_of(unbound->query("www.example", RecordType::txt))->texts,
                ElementsAre("one"));
}

TEST_F(UnboundResolver, RefusesAZoneThatIsNone) {
    for (const std::string name : {"a\"b.example", "", "a..b", "a b.example", "x.\nserver:"})
        EXPECT_THROW((void)make_resolver(loops_.executor(0),
                                         {.servers = {server_.address()},
                                          .dnssec = false,
                                          .zones = {{.name = name, .servers = {"127.0.0.1:1"}}}}),
                     std::runtime_error)
            << name;
}

}  // namespace
}  // namespace cairn::dns::unbound_resolver_test
