#include <set>

#include <boost/system/system_error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/testing/certificate_forge.h"
#include "va/testing/challenge.h"
#include "va/testing/fake_resolver.h"
#include "va/testing/peer.h"
#include "va/validation.h"

namespace cairn::va {
namespace {

using dns::RecordType;
using protocol::ProblemType;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::AnyOf;
using testing::challenge_path;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::key_authorization;
using ::testing::Not;
using ::testing::StartsWith;
using testing::WebPeer;

/// A complete response with this status line and body.
std::string response(std::string_view status, std::string_view body, std::string_view fields = "") {
    return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
std::string ok(std::string_view body) {
    return response("200 OK", body);
}
std::string redirect(std::string_view location, std::string_view status = "302 Found") {
    return response(status, "", "Location: " + std::string(location) + "\r\n");
}
/// Always the same.
WebPeer::Respond always(std::string text) {
    return [text = std::move(text)](const std::string&) { return text; };
}

class Http01 : public ::testing::Test {
  protected:
    Http01() { resolver.set("example.com", {"127.0.0.1"}); }

    auto validate(std::string_view name = "example.com") {
        return validate(testing::challenge_for(name));
    }
    OrFailure<Evidence> validate(const Validation& validation) {
        return loop.run(validate_http01(validation, settings, resolver));
    }
    /// Runs a validation that must fail within the deadline; its problem.
    Failure problem() {
        const auto begin = steady_clock::now();
        auto result = validate();
        EXPECT_LT(steady_clock::now() - begin, settings.deadline + std::chrono::seconds(3));
        EXPECT_FALSE(result) << "it succeeded";
        return result ? Failure(ProblemType::unknown, "", Outlook::final) : result.error();
    }
    /// The outcome of one response to the challenge's URL.
    OrFailure<Evidence> answered_with(const std::string& text) {
        WebPeer peer(loop, always(text));
        settings.http_port = peer.port();
        return validate();
    }

    testing::EventLoop loop;
    testing::FakeResolver resolver;
    Settings settings = testing::loopback_settings();
};

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

// --- redirects

// Check 96.
TEST_F(Http01, FollowsTheFourKindsOfRedirects) {
    for (const char* status : {"301 Moved Permanently", "302 Found", "307 Temporary Redirect",
                               "308 Permanent Redirect"}) {
        WebPeer peer(loop, [&](const std::string& request) {
            return request.starts_with("GET /there?x=1 ") ? ok(key_authorization)
                                                          : redirect("/there?x=1", status);
        });
        settings.http_port = peer.port();
        const auto result = validate();
        EXPECT_TRUE(result) << status << ": " << result.error().detail;
        EXPECT_EQ(peer.connections(), 2) << status;
    }
}

// Check 96.
TEST_F(Http01, FollowsNothingElse) {
    for (const std::string& text :
         {redirect("/there", "303 See Other"), redirect("/there", "300 Multiple Choices"),
          redirect("/there", "304 Not Modified"),
          response("200 OK", "<meta http-equiv=refresh content='0;/there'>",
                   "Refresh: 0; url=/there\r\n")}) {
        WebPeer peer(loop, [&](const std::string& request) {
            return request.starts_with("GET /there ") ? ok(key_authorization) : text;
        });
        settings.http_port = peer.port();
        EXPECT_EQ(problem().type, ProblemType::unauthorized) << text;
        EXPECT_EQ(peer.connections(), 1) << text;
    }
}

// Check 103.
TEST_F(Http01, FollowsToHttpsWithoutVerifyingTheCertificate) {
    const auto key = testing::forge_key();
    const auto certificate = testing::forge_certificate(key.get(), {});
    auto tls = testing::server_context(certificate.get(), key.get());
    WebPeer secure(loop, tls, always(ok(key_authorization)));
    WebPeer plain(loop, always(redirect("https://example.com/x")));
    settings.http_port = plain.port();
    settings.https_port = secure.port();
    const auto result = validate();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_THAT(secure.server_names(), ElementsAre("example.com"));
    EXPECT_THAT(secure.requests(), ElementsAre(AllOf(StartsWith("GET /x HTTP/1.1\r\n"),
                                                     HasSubstr("\r\nHost: example.com\r\n"))));
}

TEST_F(Http01, ARedirectToAnAddressSendsNoServerName) {
    const auto key = testing::forge_key();
    const auto certificate = testing::forge_certificate(key.get(), {});
    auto tls = testing::server_context(certificate.get(), key.get());
    WebPeer secure(loop, tls, always(ok(key_authorization)));
    WebPeer plain(loop, always(redirect("https://127.0.0.1/")));
    settings.http_port = plain.port();
    settings.https_port = secure.port();
    EXPECT_TRUE(validate(testing::challenge_for(protocol::Identifier::ip("127.0.0.1").value())));
    EXPECT_THAT(secure.server_names(), ElementsAre(""));
}

// Check 103.
TEST_F(Http01, AnHttpsHopNeedsTls12) {
    const auto key = testing::forge_key();
    const auto certificate = testing::forge_certificate(key.get(), {});
    auto tls = testing::server_context(certificate.get(), key.get());
    SSL_CTX_set_max_proto_version(tls.native_handle(), TLS1_1_VERSION);
    WebPeer secure(loop, tls, always(ok(key_authorization)));
    WebPeer plain(loop, always(redirect("https://example.com/")));
    settings.http_port = plain.port();
    settings.https_port = secure.port();
    EXPECT_EQ(problem().type, ProblemType::tls);
    EXPECT_THAT(secure.requests(), IsEmpty());
}

TEST_F(Http01, PlainHttpOnTheHttpsPortIsATlsProblem) {
    testing::Peer peer(loop, testing::saying(redirect("https://example.com/")));
    settings.http_port = peer.port();
    settings.https_port = peer.port();
    EXPECT_EQ(problem().type, ProblemType::tls);
}

// Checks 97, 98, 99.
TEST_F(Http01, RedirectsElsewhereAreConnectionProblems) {
    testing::Peer elsewhere(loop, testing::silence);
    const auto port = std::to_string(elsewhere.port());
    for (const auto& location :
         {"http://127.0.0.1:" + port + "/", "http://example.com:" + port + "/",
          "https://example.com:" + port + "/", std::string("http://example.com:22/"),
          std::string("file:///etc/passwd"), std::string("gopher://example.com/"),
          std::string("ftp://example.com/"), std::string("javascript:alert(1)"),
          std::string("http://user:secret@example.com/"), std::string("http://localhost/"),
          std::string("http://intranet/"), "/" + std::string(2001, 'a')}) {
        WebPeer peer(loop, always(redirect(location)));
        settings.http_port = peer.port();
        const auto result = problem();
        EXPECT_EQ(result.type, ProblemType::connection) << location;
        EXPECT_THAT(result.detail, HasSubstr("is not followed")) << location;
        EXPECT_EQ(peer.connections(), 1) << location;
    }
    EXPECT_EQ(elsewhere.connections(), 0);
}

// Check 98.
TEST_F(Http01, ARedirectWithoutOrWithTwoLocationsIsAProblem) {
    for (const char* fields : {"", "Location: /a\r\nLocation: /b\r\n"}) {
        WebPeer peer(loop, always(response("302 Found", "", fields)));
        settings.http_port = peer.port();
        EXPECT_EQ(problem().type, ProblemType::connection);
        EXPECT_EQ(peer.connections(), 1);
    }
}

// Check 98.
TEST_F(Http01, LoopsEndAfterTenRedirects) {
    WebPeer to_itself(loop, always(redirect(challenge_path)));
    settings.http_port = to_itself.port();
    const auto result = problem();
    EXPECT_EQ(result.type, ProblemType::connection);
    EXPECT_THAT(result.detail, HasSubstr("more than 10 redirects"));
    EXPECT_EQ(to_itself.connections(), 11);

    WebPeer to_and_fro(loop, [](const std::string& request) {
        return redirect(request.starts_with("GET /b ") ? "/a" : "/b");
    });
    settings.http_port = to_and_fro.port();
    EXPECT_EQ(problem().type, ProblemType::connection);
    EXPECT_EQ(to_and_fro.connections(), 11);
}

// Checks 96, 98.
TEST_F(Http01, TheTenthRedirectIsFollowedTheEleventhNot) {
    for (const int redirects : {10, 11}) {
        int seen = 0;
        WebPeer peer(loop, [&](const std::string&) {
            return seen++ < redirects ? redirect("/" + std::to_string(seen))
                                      : ok(key_authorization);
        });
        settings.http_port = peer.port();
        EXPECT_EQ(validate().has_value(), redirects == 10);
    }
}

// --- server-side request forgery

// Check 100.
TEST_F(Http01, AForbiddenAddressIsNotDialled) {
    WebPeer peer(loop, always(ok(key_authorization)));
    settings = testing::public_settings();
    settings.http_port = peer.port();
    const auto result = problem();
    EXPECT_EQ(result.type, ProblemType::connection);
    EXPECT_THAT(result.detail, HasSubstr("127.0.0.1"));
    EXPECT_EQ(peer.connections(), 0);
}

// Check 100.
TEST_F(Http01, ARedirectToAForbiddenAddressIsNotDialled) {
    WebPeer inside(loop, always(ok(key_authorization)), "127.0.0.2");
    resolver.set("inside.example", {"127.0.0.2"});
    settings.egress = EgressPolicy({base::IpNetwork::from_text("127.0.0.1").value()});
    for (const char* location :
         {"http://inside.example/", "http://127.0.0.2/", "http://169.254.169.254/latest/meta-data/",
          "http://[::ffff:127.0.0.2]/", "http://[::1]/", "http://10.0.0.1/", "http://0.0.0.0/"}) {
        WebPeer outside(loop, always(redirect(location)), "127.0.0.1", inside.port());
        settings.http_port = inside.port();
        EXPECT_EQ(problem().type, ProblemType::connection) << location;
        EXPECT_EQ(outside.connections(), 1) << location;
    }
    EXPECT_EQ(inside.connections(), 0);
}

// Check 101.
TEST_F(Http01, ANameThatMovesInsideBetweenTwoHopsGainsNothing) {
    WebPeer inside(loop, always(ok(key_authorization)), "127.0.0.2");
    WebPeer outside(loop, always(redirect("http://example.com/again")), "127.0.0.1", inside.port());
    settings.http_port = inside.port();
    settings.egress = EgressPolicy({base::IpNetwork::from_text("127.0.0.1").value()});
    resolver = {};
    resolver.add("example.com", RecordType::a, testing::with_addresses({"127.0.0.1"}));
    resolver.add("example.com", RecordType::a, testing::with_addresses({"127.0.0.2"}));
    EXPECT_EQ(problem().type, ProblemType::connection);
    EXPECT_EQ(outside.connections(), 1);
    EXPECT_EQ(inside.connections(), 0);
}

// --- bounds

/// Sends `begin`, then `chunk` until the validator hangs up; counts the octets that went out.
testing::Peer::Conversation endless(std::string begin, std::string chunk, std::size_t& sent) {
    return [begin, chunk, &sent](testing::Socket socket) -> base::Task<void> {
        co_await testing::read_request(socket);
        co_await boost::asio::async_write(socket, boost::asio::buffer(begin), testing::with_error);
        for (;;) {
            const auto [error, size] = co_await boost::asio::async_write(
                socket, boost::asio::buffer(chunk), testing::with_error);
            sent += size;
            if (error) co_return;
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
        for (;;) {
            const auto [error, size] = co_await boost::asio::async_write(
                socket, boost::asio::buffer(octet), testing::with_error);
            if (error) co_return;
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

// --- what is told about granted addresses, and about the targets of redirects

TEST_F(Http01, NothingIsQuotedFromGrantedSpace) {
    const auto by_body = answered_with(ok("SECRET"));
    ASSERT_FALSE(by_body);
    EXPECT_THAT(by_body.error().detail, HasSubstr("the body is not the key authorization"));
    const auto by_status = answered_with(response("418 SECRET", "SECRET", "X: SECRET\r\n"));
    ASSERT_FALSE(by_status);
    EXPECT_THAT(by_status.error().detail, HasSubstr("status 418, not 200"));
    const auto by_location = answered_with(redirect("http://SECRET.example:8080/"));
    ASSERT_FALSE(by_location);
    EXPECT_THAT(by_location.error().detail, HasSubstr("a redirect is not followed"));
    for (const auto& told : {by_body, by_status, by_location})
        EXPECT_THAT(told.error().detail, Not(ContainsRegex("SECRET|secret")));
}

TEST_F(Http01, BehindARedirectInGrantedSpaceNotEvenTheStatusIsTold) {
    for (const auto& found : {response("403 SECRET", "SECRET"), response("404 Not Found", "SECRET"),
                              ok("SECRET"), std::string("SECRET-2.0\r\n\r\n")}) {
        WebPeer peer(loop, [&](const std::string& request) {
            return request.starts_with("GET /SECRET") ? found : redirect("/SECRET-path");
        });
        settings.http_port = peer.port();
        const auto detail = problem().detail;
        const auto told = detail.substr(detail.find(" redirected: "));
        const auto what = told.substr(told.find(std::to_string(peer.port()) + ": "));
        EXPECT_THAT(what.substr(5), Not(ContainsRegex("SECRET|403|404"))) << found;
    }
}

TEST_F(Http01, OnlyTheValidatedNameLeadsIntoGrantedSpace) {
    WebPeer inside(loop, always(ok(key_authorization)), "127.0.0.2");
    settings.http_port = inside.port();
    resolver.set("inside.example", {"127.0.0.2"});
    resolver.set("twin.example", {"127.0.0.1"});
    std::set<std::string> told;
    // By another name, by the address, by other spellings of it, and by no name at all.
    for (const char* location :
         {"http://inside.example/", "http://twin.example/", "http://127.0.0.2/",
          "http://127.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://[::1]/",
          "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::1]/", "http://absent.example/"}) {
        WebPeer outside(loop, always(redirect(location)), "127.0.0.1", inside.port());
        const auto result = problem();
        EXPECT_EQ(result.type, ProblemType::connection) << location;
        EXPECT_EQ(outside.connections(), 1) << location;
        told.insert(result.detail);
    }
    EXPECT_EQ(inside.connections(), 0);
    EXPECT_EQ(told.size(), 1U) << "what is inside shows by no difference: "
                               << ::testing::PrintToString(told);
}

TEST_F(Http01, HostsThatAreNoPublicNamesAreNotFollowed) {
    for (const char* location :
         {"http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://127.1/",
          "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://0177.0.0.1/"}) {
        WebPeer peer(loop, always(redirect(location)));
        settings.http_port = peer.port();
        EXPECT_EQ(problem().type, ProblemType::connection) << location;
        EXPECT_EQ(peer.connections(), 1) << location;
    }
}

TEST_F(Http01, ANameThatMovesWithinGrantedSpaceGainsNothing) {
    WebPeer inside(loop, always(ok(key_authorization)), "127.0.0.2");
    WebPeer outside(loop, always(redirect("/any/path")), "127.0.0.1", inside.port());
    settings.http_port = inside.port();
    resolver = {};
    resolver.add("example.com", RecordType::a, testing::with_addresses({"127.0.0.1"}));
    resolver.add("example.com", RecordType::a, testing::with_addresses({"127.0.0.2"}));
    EXPECT_EQ(problem().type, ProblemType::connection);
    EXPECT_EQ(outside.connections(), 1);
    EXPECT_EQ(inside.connections(), 0);
}

TEST_F(Http01, OfSeveralAddressesARedirectReachesTheOneThatSentIt) {
    WebPeer inside(loop, always(ok("wrong")), "127.0.0.2");
    WebPeer here(
        loop,
        [](const std::string& request) {
            return request.starts_with("GET /there ") ? ok(key_authorization) : redirect("/there");
        },
        "127.0.0.1", inside.port());
    settings.http_port = inside.port();
    resolver = {};
    resolver.add("example.com", RecordType::a, testing::with_addresses({"127.0.0.1", "127.0.0.2"}));
    resolver.add("example.com", RecordType::a, testing::with_addresses({"127.0.0.2", "127.0.0.1"}));
    const auto result = validate();
    EXPECT_TRUE(result) << result.error().detail;
    EXPECT_EQ(inside.connections(), 0);
}

TEST_F(Http01, AddressesOfAnAliasAreNotTold) {
    auto answer = testing::with_addresses({"10.1.2.3"});
    answer.canonical_name = "intranet.corp";
    resolver = {};
    resolver.add("example.com", RecordType::a, answer);
    const auto result = problem();
    EXPECT_THAT(result.detail, AllOf(HasSubstr("no address that validation may connect to"),
                                     Not(HasSubstr("10.1.2.3"))));
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
}  // namespace cairn::va
