#include <boost/system/system_error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/testing/certificate_forge.h"
#include "va/testing/http01_bench.h"

namespace cairn::va::http01_test {
namespace {

using dns::RecordType;
using protocol::ProblemType;
using std::chrono::steady_clock;
using ::testing::AllOf;
using testing::always;
using ::testing::AnyOf;
using testing::challenge_path;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Http01;
using ::testing::IsEmpty;
using testing::key_authorization;
using ::testing::Not;
using testing::ok;
using testing::redirect;
using testing::response;
using ::testing::StartsWith;
using testing::WebPeer;

// --- the exchange

// Check 93.
TEST_F(Http01, AsksForTheKeyAuthorization) {
    WebPeer peer(loop, always(ok(key_authorization)));
    settings.http_port = peer.port();
    const auto evidence = validate();
    ASSERT_TRUE(evidence) << evidence.error().detail;
    const auto port = std::to_string(peer.port());
    EXPECT_THAT(evidence->steps,
                ElementsAre("example.com AAAA", "example.com A", "127.0.0.1:" + port));
    ASSERT_EQ(peer.requests().size(), 1U);
    EXPECT_THAT(peer.requests().front(),
                AllOf(StartsWith("GET " + std::string(challenge_path) + " HTTP/1.1\r\n"),
                      HasSubstr("\r\nHost: example.com:" + port + "\r\n"),
                      HasSubstr("\r\nUser-Agent: Cairn-Validation/1\r\n"),
                      HasSubstr("\r\nAccept-Encoding: identity\r\n"),
                      HasSubstr("\r\nConnection: close\r\n")));
}

// Check 93.
TEST_F(Http01, SpaceBehindTheKeyAuthorizationIsIgnored) {
    for (const char* space : {"\n", "\r\n", " \t\r\n\n"}) {
        EXPECT_TRUE(answered_with(ok(std::string(key_authorization) + space)));
    }
    EXPECT_TRUE(answered_with(
        ok(std::string(key_authorization) + std::string(512 - key_authorization.size(), ' '))));
}

TEST_F(Http01, EveryFramingOfABodyIsRead) {
    const std::string body(key_authorization);
    EXPECT_TRUE(answered_with("HTTP/1.0 200 OK\r\n\r\n" + body));
    EXPECT_TRUE(answered_with("HTTP/1.1 200 \r\n\r\n" + body));
    EXPECT_TRUE(answered_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n" +
                              body.substr(0, 1) + "\r\n56\r\n" + body.substr(1) + "\r\n0\r\n\r\n"));
    EXPECT_TRUE(answered_with("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok(body)));
}

// Checks 93, 94.
TEST_F(Http01, AnotherBodyIsUnauthorized) {
    const std::string body(key_authorization);
    for (const auto& wrong : {std::string(), " " + body, "\n" + body, body + "x", body.substr(1),
                              body + "\n" + body, "\xef\xbb\xbf" + body,
                              std::string("<html>not here</html>"), body + std::string(1, '\0')}) {
        const auto result = answered_with(ok(wrong));
        ASSERT_FALSE(result) << wrong;
        EXPECT_EQ(result.error().type, ProblemType::unauthorized);
        EXPECT_THAT(result.error().detail, HasSubstr("http://example.com"));
    }
}

// Check 94.
TEST_F(Http01, AnotherStatusIsUnauthorized) {
    for (const char* status : {"404 Not Found", "500 Internal Server Error", "201 Created",
                               "206 Partial Content", "403 Forbidden", "401 Unauthorized"}) {
        const auto result = answered_with(response(status, key_authorization));
        ASSERT_FALSE(result) << status;
        EXPECT_EQ(result.error().type, ProblemType::unauthorized);
        EXPECT_THAT(result.error().detail,
                    HasSubstr(std::string("status ") + std::string(status, 3)));
    }
    EXPECT_EQ(answered_with("HTTP/1.1 204 No Content\r\n\r\n").error().type,
              ProblemType::unauthorized);
}

// Check 102.
TEST_F(Http01, NothingIsDecompressed) {
    const auto result =
        answered_with(response("200 OK", "\x1f\x8b\x08\x00\x00\x00", "Content-Encoding: gzip\r\n"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().type, ProblemType::unauthorized);
}

TEST_F(Http01, WildcardsAreNotProvenByIt) {
    EXPECT_THROW(static_cast<void>(validate("*.example.com")), std::logic_error);
    EXPECT_THAT(resolver.queries(), IsEmpty());
}

// --- failures of the network

// Check 95.
TEST_F(Http01, RefusalResetAndSilenceAreConnectionProblems) {
    {
        WebPeer gone(loop, always(""));
        settings.http_port = gone.port();
    }
    EXPECT_EQ(problem().type, ProblemType::connection);

    testing::Peer resetting(loop, testing::reset);
    settings.http_port = resetting.port();
    EXPECT_EQ(problem().type, ProblemType::connection);

    testing::Peer silent(loop, testing::silence);
    settings.http_port = silent.port();
    settings.deadline = testing::short_deadline;
    const auto timeout = problem();
    EXPECT_EQ(timeout.type, ProblemType::connection);
    EXPECT_THAT(timeout.detail, HasSubstr("timed out"));
}

TEST_F(Http01, AnAnswerCutShortIsAConnectionProblem) {
    for (const char* text :
         {"", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 87\r\n\r\nLoqX"}) {
        const auto result = answered_with(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().type, ProblemType::connection);
        EXPECT_THAT(result.error().detail, HasSubstr("closed the connection"));
    }
}

// Check 95.
TEST_F(Http01, FailedLookUpsAreDnsProblems) {
    resolver = {};
    EXPECT_EQ(problem().type, ProblemType::dns);  // NXDOMAIN
    for (const auto type : {RecordType::a, RecordType::aaaa}) {
        resolver.add("example.com", type,
                     testing::with_outcome(dns::Answer::Outcome::server_failure, 2));
    }
    EXPECT_EQ(problem().type, ProblemType::dns);
    resolver = {};
    for (const auto type : {RecordType::a, RecordType::aaaa}) {
        resolver.add("example.com", type, base::fail("bogus: signature expired"));
    }
    EXPECT_EQ(problem().type, ProblemType::dns);
    resolver.fall_silent();
    settings.deadline = testing::short_deadline;
    EXPECT_EQ(problem().type, ProblemType::dns);
}

TEST_F(Http01, ACancelledTaskFindsNothing) {
    testing::Peer silent(loop, [&](testing::Socket socket) -> base::Task<void> {
        loop.cancel();
        return testing::silence(std::move(socket));
    });
    settings.http_port = silent.port();
    EXPECT_THROW(static_cast<void>(validate()), boost::system::system_error);
}

// --- bounds

/// Sends `begin`, then `chunk` until the validator hangs up; counts the octets that went out.
testing::Peer::Conversation endless(std::string begin, std::string chunk, std::size_t& sent) {
    return [begin, chunk, &sent](testing::Socket socket) -> base::Task<void> {
        co_await testing::read_request(socket);
        std::size_t at_first = 0;
        co_await testing::send(socket, begin, at_first);
        while (co_await testing::send(socket, chunk, sent)) {
        }
    };
}

// Check 102.
TEST_F(Http01, AnEndlessAnswerIsNotReadOn) {
    const std::string filler(4096, 'a');
    const std::pair<std::string, std::string> cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n", filler},
        {"HTTP/1.1 200 OK\r\n\r\n" + std::string(key_authorization), std::string(4096, ' ')},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1000\r\n" + filler + "\r\n"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", filler},
        {"HTTP/1.1 200 OK\r\n", "X-Field: " + filler + "\r\n"},
        {"HTTP/1.1 200 OK\r\nX: ", filler},
        {"", "HTTP/1.1 100 Continue\r\n\r\n"},
        {filler, filler},
    };
    for (const auto& [begin, chunk] : cases) {
        std::size_t sent = 0;
        bool hung_up = false;
        const auto talk = endless(begin, chunk, sent);
        testing::Peer peer(loop, [&](testing::Socket socket) -> base::Task<void> {
            co_await talk(std::move(socket));
            hung_up = true;
        });
        settings.http_port = peer.port();
        const auto begin_time = steady_clock::now();
        const auto result = problem();
        EXPECT_LT(steady_clock::now() - begin_time, settings.deadline) << begin;
        EXPECT_THAT(result.type, AnyOf(ProblemType::unauthorized, ProblemType::incorrect_response));
        EXPECT_LT(result.detail.size(), 600U);
        EXPECT_THAT(result.detail, Not(HasSubstr(std::string(201, 'a'))));
        loop.run_until([&] { return hung_up; });
        EXPECT_LT(sent, 16U << 20U) << begin;  // no more than sockets buffer
    }
}

// Check 102.
TEST_F(Http01, ADribblingAnswerEndsAtTheDeadline) {
    testing::Peer peer(loop, [](testing::Socket socket) -> base::Task<void> {
        co_await testing::read_request(socket);
        boost::asio::steady_timer pause(socket.get_executor());
        std::string octet = "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n";
        std::size_t sent = 0;
        while (co_await testing::send(socket, octet, sent)) {
            octet = "x";
            pause.expires_after(std::chrono::milliseconds(20));
            co_await pause.async_wait(testing::with_error);
        }
    });
    settings.http_port = peer.port();
    settings.deadline = testing::short_deadline;
    const auto result = problem();
    EXPECT_EQ(result.type, ProblemType::connection);
    EXPECT_THAT(result.detail, HasSubstr("timed out"));
}

TEST_F(Http01, WhatIsNotHttpIsAnIncorrectResponse) {
    for (const char* text : {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 200 OK\r\n\r\n",
                             "HTTP/1.1 999999 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n"}) {
        const auto result = answered_with(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().type, ProblemType::incorrect_response);
    }
}

// --- what may heal

TEST_F(Http01, WhatDoesNotAnswerYetMayHeal) {
    {
        WebPeer gone(loop, always(""));
        settings.http_port = gone.port();
    }
    EXPECT_EQ(problem().outlook, Outlook::may_heal);
    for (const char* status : {"404 Not Found", "500 Oh", "503 Oh"})
        EXPECT_EQ(answered_with(response(status, "")).error().outlook, Outlook::may_heal) << status;
    EXPECT_EQ(answered_with("").error().outlook, Outlook::may_heal);
    resolver = {};
    EXPECT_EQ(problem().outlook, Outlook::may_heal);  // NXDOMAIN
}

TEST_F(Http01, WhatAnswersSomethingElseDoesNot) {
    EXPECT_EQ(answered_with(ok("wrong")).error().outlook, Outlook::final);
    for (const char* status : {"403 Forbidden", "401 Unauthorized"})
        EXPECT_EQ(answered_with(response(status, "")).error().outlook, Outlook::final) << status;
    EXPECT_EQ(answered_with(redirect("http://example.com:22/")).error().outlook, Outlook::final);
    settings = testing::public_settings();
    EXPECT_EQ(problem().outlook, Outlook::final);
}

// --- addresses as identifiers

// Check 122.
TEST_F(Http01, AnAddressIsTheHostAndNeedsNoDns) {
    for (const auto& [text, host] :
         {std::pair("127.0.0.1", "127.0.0.1"), std::pair("::1", "[::1]")}) {
        WebPeer peer(loop, always(ok(key_authorization)), text);
        settings.http_port = peer.port();
        const auto result =
            validate(testing::challenge_for(protocol::Identifier::ip(text).value()));
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_THAT(peer.requests(), ElementsAre(HasSubstr(std::string("\r\nHost: ") + host + ":" +
                                                           std::to_string(peer.port()) + "\r\n")));
    }
    EXPECT_THAT(resolver.queries(), IsEmpty());
}

}  // namespace
}  // namespace cairn::va::http01_test
