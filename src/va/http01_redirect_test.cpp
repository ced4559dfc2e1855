// Where http-01 follows redirects, and what it tells of their targets.

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/testing/certificate_forge.h"
#include "va/testing/http01_bench.h"

namespace cairn::va::http01_redirect_test {
namespace {

using dns::RecordType;
using protocol::ProblemType;
using ::testing::AllOf;
using testing::always;
using testing::challenge_path;
using ::testing::ContainsRegex;
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

TEST_F(Http01, ReportsWhatTheServerAnsweredButNotWhatMayNotBeTold) {
    WebPeer peer(loop, [&](const std::string& request) {
        return request.starts_with("GET /there ") ? ok(key_authorization) : redirect("/there");
    });
    settings.http_port = peer.port();
    const auto proven = validate();
    ASSERT_TRUE(proven) << proven.error().detail;
    ASSERT_TRUE(proven->web);
    ASSERT_EQ(proven->web->redirects.size(), 1U);
    EXPECT_EQ(proven->web->redirects[0].status, 302U);
    EXPECT_THAT(proven->web->url, HasSubstr("/there"));
    EXPECT_EQ(proven->web->status, 200U);
    EXPECT_EQ(proven->web->page, key_authorization.substr(0, 100));

    // After a redirect nothing is quoted, but for what the asker knows.
    WebPeer other(loop, [&](const std::string& request) {
        return request.starts_with("GET /there ") ? ok("secret") : redirect("/there");
    });
    settings.http_port = other.port();
    const auto failed = validate();
    ASSERT_FALSE(failed);
    ASSERT_TRUE(failed.error().evidence.web);
    EXPECT_EQ(failed.error().evidence.web->status, 200U);
    EXPECT_THAT(failed.error().evidence.web->page, IsEmpty());
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

}  // namespace
}  // namespace cairn::va::http01_redirect_test
