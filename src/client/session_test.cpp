#include "client/session.h"

#include <deque>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/fake_ca.h"
#include "client/testing/free_port.h"

namespace cairn::client::session_test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FakeCa;
using ::testing::HasSubstr;
using testing::response;

class SessionTest : public ::testing::Test {
  protected:
    Session make_session(const std::string& url) {
        return Session(
            {.directory_url = url, .root_file = ca_.server.root_file(), .user_agent = "Cairn/test"},
            clock_, timer_, random_);
    }
    /// A session that speaks for an account that the CA knows.
    Session open_session() {
        auto session = make_session(ca_.directory_url());
        ca_.account_is_known = true;
        ca_.account_jwk = protocol::Jwk::of(key_.public_key());
        session.speak_for(key_, ca_.server.url("/account/1"));
        return session;
    }
    /// The next signed requests get these answers instead of the CA's.
    void answer_first(std::deque<http::Response> answers) {
        ca_.intercept =
            [answers](const http::Request& request) mutable -> std::optional<http::Response> {
            if (request.method != "POST" || answers.empty()) return std::nullopt;
            auto answer = std::move(answers.front());
            answers.pop_front();
            return answer;
        };
    }
    template <class Action>
    static std::string failure_of(Action action) {
        try {
            action();
        } catch (const Failure& failure) {
            return failure.what();
        }
        return "no failure";
    }

    FakeCa ca_;
    base::ManualClock clock_{base::Time(1700000000s)};
    InstantTimer timer_;
    crypto::SystemRandom random_;
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    std::string account_ = ca_.server.url("/account/1");
};

// Check 196.
TEST_F(SessionTest, ReadsTheDirectoryOnceAndSaysWhoItIs) {
    auto session = make_session(ca_.directory_url());
    EXPECT_EQ(session.directory().new_order, ca_.server.url("/order"));
    EXPECT_EQ(session.directory().new_order, ca_.server.url("/order"));
    ASSERT_EQ(ca_.server.requests().size(), 1U);
    EXPECT_EQ(ca_.server.requests().front().field("user-agent"), "Cairn/test");
}

TEST_F(SessionTest, WaitsSomeSecondsForACaThatIsJustStarting) {
    std::vector<std::string> told;
    const auto session_with = [&](const std::string& url) {
        return Session({.directory_url = url,
                        .root_file = {},
                        .user_agent = "Cairn/test",
                        .tell = [&](std::string_view sentence) { told.emplace_back(sentence); }},
                       clock_, timer_, random_);
    };
    const auto host = "127.0.0.1:" + std::to_string(testing::free_port());
    auto session = session_with("https://" + host + "/directory");
    EXPECT_THAT(failure_of([&] { static_cast<void>(session.directory()); }),
                HasSubstr("no connection to " + host));
    EXPECT_GE(timer_.waited(), 5s);
    EXPECT_LE(timer_.waited(), 10s);
    EXPECT_THAT(told, ElementsAre("Nobody listens at " + host + " yet; trying for 8 s."));
    // Once in a run: what follows fails at once.
    const auto before = timer_.waited();
    EXPECT_THAT(failure_of([&] { static_cast<void>(session.directory()); }),
                HasSubstr("no connection to"));
    EXPECT_EQ(timer_.waited(), before);
    // A name that is not in the DNS is no CA that is starting.
    auto other = session_with("https://no-such-name.invalid/directory");
    EXPECT_THAT(failure_of([&] { static_cast<void>(other.directory()); }),
                HasSubstr("no-such-name.invalid"));
    EXPECT_EQ(timer_.waited(), before);
}

TEST_F(SessionTest, UsesTheNonceOfTheLastReply) {
    auto session = open_session();
    session.post_as_get(account_, "read");
    session.post_as_get(account_, "read");
    EXPECT_EQ(ca_.server.count("/nonce") + ca_.server.count("/directory"), 1U);
    EXPECT_EQ(ca_.server.count("/account/1"), 2U);
}

TEST_F(SessionTest, FetchesANonceWhereItHasNone) {
    auto session = open_session();
    // Nonces that are not base64url are as good as none (RFC 8555 section 6.5.1).
    ca_.intercept = [this](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/directory") return std::nullopt;
        ca_.intercept = nullptr;
        return response(200,
                        R"({"newNonce":")" + ca_.server.url("/nonce") + R"(","newAccount":")" +
                            ca_.server.url("/account") + R"(","newOrder":")" +
                            ca_.server.url("/order") + R"(","revokeCert":")" +
                            ca_.server.url("/revoke") + R"(","keyChange":")" +
                            ca_.server.url("/key-change") + "\"}",
                        {{"Replay-Nonce", "not base64url!"}});
    };
    session.post_as_get(account_, "read");
    EXPECT_EQ(ca_.server.count("/nonce"), 1U);
}

// Check 197.
TEST_F(SessionTest, TriesAgainWithTheNonceOfARefusal) {
    auto session = open_session();
    std::deque<http::Response> refusals;
    for (int i = 0; i < 30; ++i)
        refusals.push_back(ca_.problem(protocol::ProblemType::bad_nonce, "again"));
    answer_first(refusals);
    session.post_as_get(account_, "read");
    EXPECT_EQ(ca_.server.count("/account/1"), 31U);
    EXPECT_EQ(ca_.server.count("/nonce"), 0U);
    EXPECT_EQ(timer_.waited(), 0ms);
}

TEST_F(SessionTest, GivesUpOnACaThatRefusesEveryNonce) {
    auto session = open_session();
    ca_.intercept = [this](const http::Request& request) -> std::optional<http::Response> {
        if (request.method != "POST") return std::nullopt;
        return ca_.problem(protocol::ProblemType::bad_nonce, "again");
    };
    EXPECT_THAT(failure_of([&] { session.post_as_get(account_, "read"); }), HasSubstr("badNonce"));
    EXPECT_LE(ca_.server.count("/account/1"), 101U);
}

// Check 197.
TEST_F(SessionTest, WaitsAsLongAsTheCaAsks) {
    auto session = open_session();
    answer_first({response(503, "", {{"Retry-After", "7"}}),
                  response(429, "", {{"Retry-After", "Tue, 14 Nov 2023 22:13:25 GMT"}})});
    session.post_as_get(account_, "read");
    EXPECT_EQ(timer_.waited(), 7s + 5s);
}

TEST_F(SessionTest, AsksForNothingNewAgainUnderALimitThatDoesNotSayWhenItEnds) {
    auto session = open_session();
    answer_first({response(429)});
    EXPECT_THAT(failure_of([&] { session.post_as_get(account_, Aim("order", Phase::order)); }),
                HasSubstr("429"));
    EXPECT_EQ(timer_.waited(), 0ms);
    EXPECT_EQ(ca_.server.count("/account/1"), 1U);
}

TEST_F(SessionTest, WaitsLongUnderSuchALimitForWhatIsUnderWay) {
    auto session = open_session();
    answer_first({response(429), response(429)});
    session.post_as_get(account_, Aim("poll", Phase::finalize));
    EXPECT_EQ(timer_.waited(), 10s + 20s);
}

TEST_F(SessionTest, ReportsAWaitThatIsTooLong) {
    auto session = open_session();
    auto limited = ca_.problem(protocol::ProblemType::rate_limited, "too many orders");
    limited.fields.emplace_back("Retry-After", "86400");
    answer_first({limited});
    const auto text = failure_of([&] { session.post_as_get(account_, "order"); });
    EXPECT_THAT(text, HasSubstr("429 rateLimited: too many orders"));
    EXPECT_THAT(text, HasSubstr("Next: try again after 2023-11-15T22:13:20Z"));
    EXPECT_EQ(timer_.waited(), 0ms);
}

// Check 197.
TEST_F(SessionTest, BacksOffFromAFaultyServerWithJitter) {
    auto session = open_session();
    answer_first({response(500), response(502, "<html>"), response(504)});
    session.post_as_get(account_, "read");
    EXPECT_GE(timer_.waited(), 250ms + 500ms + 1000ms);
    EXPECT_LE(timer_.waited(), 500ms + 1000ms + 2000ms);
}

TEST_F(SessionTest, GivesUpOnAServerThatStaysFaulty) {
    auto session = open_session();
    ca_.intercept = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.method != "POST") return std::nullopt;
        return response(500, "<html>\x1b[31m out of order");
    };
    const auto text = failure_of([&] { session.post_as_get(account_, "read the account"); });
    EXPECT_THAT(text, HasSubstr("Could not read the account"));
    EXPECT_THAT(text, HasSubstr("answered 500 without a problem document: \"<html>?[31m out"));
    EXPECT_EQ(ca_.server.count("/account/1"), 6U);
}

TEST_F(SessionTest, DoesNotRepeatWhatIsRefused) {
    auto session = open_session();
    answer_first({ca_.problem(protocol::ProblemType::malformed, "nonsense")});
    try {
        session.post_as_get(account_, "read");
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.problem(), protocol::ProblemType::malformed);
    }
    EXPECT_EQ(ca_.server.count("/account/1"), 1U);
}

TEST_F(SessionTest, SignsUrlsAsTheyWereGiven) {
    auto session = open_session();
    std::vector<std::string> signed_for;
    ca_.intercept = [&](const http::Request& request) -> std::optional<http::Response> {
        if (request.method != "POST") return std::nullopt;
        const auto jws =
            protocol::Jws::from_json(base::bytes_of(request.body), protocol::Jws::Nonce::required);
        signed_for.emplace_back(jws->url());
        auto location = ca_.server.url("/order/1");
        location.replace(0, 5, "HTTPS");
        return response(200, "{}", {{"Location", location}});
    };
    auto url = ca_.server.url("/order");
    url.replace(0, 5, "HTTPS");
    const auto reply = session.post(url, "{}", "try");
    EXPECT_EQ(reply.location.substr(0, 5), "HTTPS");
    session.post_as_get(reply.location, "try");
    EXPECT_EQ(signed_for, (std::vector{url, reply.location}));
}

TEST_F(SessionTest, DoesNotRepeatWhatTheServerDoesNotOffer) {
    auto session = open_session();
    answer_first({response(501), response(501)});
    EXPECT_THAT(failure_of([&] { session.post(ca_.server.url("/order"), "{}", "try"); }),
                HasSubstr("501"));
    EXPECT_EQ(ca_.server.count("/order"), 1U);
    answer_first({response(500)});
    EXPECT_THAT(
        failure_of([&] { session.post(ca_.server.url("/order"), "{}", "try", Persistence::none); }),
        HasSubstr("500"));
    EXPECT_EQ(ca_.server.count("/order"), 2U);
}

// Check 206.
TEST_F(SessionTest, FollowsNoRedirect) {
    auto session = open_session();
    answer_first({response(302, "", {{"Location", ca_.server.url("/account/1")}})});
    EXPECT_THAT(failure_of([&] { session.post_as_get(account_, "read"); }), HasSubstr("302"));
    EXPECT_EQ(ca_.server.count("/account/1"), 1U);
}

// Check 196.
TEST_F(SessionTest, RefusesUrlsThatAreNotTheCas) {
    auto session = make_session("https://ca.example/dir");
    const auto refuses = [&](const std::string& url) {
        return failure_of([&] { static_cast<void>(session.checked(url, "read")); });
    };
    EXPECT_THAT(refuses("http://ca.example/order"), HasSubstr("not https"));
    EXPECT_THAT(refuses("https://169.254.169.254/latest/meta-data"),
                HasSubstr("only this machine"));
    EXPECT_THAT(refuses("https://[::1]/"), HasSubstr("only this machine"));
    EXPECT_THAT(refuses("https://10.0.0.1:8443/"), HasSubstr("only this machine"));
    EXPECT_THAT(refuses("file:///etc/passwd"), HasSubstr("refused"));
    EXPECT_THAT(refuses("nonsense"), HasSubstr("refused"));
    EXPECT_EQ(refuses("https://api.ca.example/order"), "no failure");
    EXPECT_EQ(refuses("https://1.1.1.1/order"), "no failure");
}

TEST_F(SessionTest, APrivateCaMayBeAtAPrivateAddress) {
    struct Case {
        const char *directory, *url;
        bool is_taken;
    };
    const Case cases[] = {
        {"https://127.0.0.1:14000/dir", "https://127.0.0.1:15000/x", true},
        {"https://localhost:14000/dir", "https://127.0.0.1:14000/x", true},
        {"https://127.0.0.1:14000/dir", "https://[::1]:14000/x", true},
        {"https://10.0.0.1/dir", "https://10.0.0.1:8443/x", true},
        {"https://10.0.0.1/dir", "https://10.0.0.2/x", false},
        {"https://localhost:14000/dir", "https://169.254.169.254/latest", false},
        {"https://127.0.0.1.example/dir", "https://127.0.0.1/x", false},
    };
    for (const auto& [directory, url, is_taken] : cases) {
        const auto session = make_session(directory);
        EXPECT_EQ(failure_of([&] { static_cast<void>(session.checked(url, "")); }) == "no failure",
                  is_taken)
            << directory << " " << url;
    }
}

TEST_F(SessionTest, RefusesADirectoryOverPlainHttp) {
    EXPECT_THAT(failure_of([&] { make_session("http://127.0.0.1:1/dir"); }),
                HasSubstr("not https"));
    EXPECT_THAT(failure_of([&] { make_session("dir"); }), HasSubstr("is no URL"));
}

TEST_F(SessionTest, ExplainsWhatIsNoDirectory) {
    for (const std::string& body :
         {std::string("<html>"), std::string("{}"), std::string(100000, '['),
          std::string(R"({"newNonce":1})"), std::string(2 << 20, ' ')}) {
        ca_.intercept = [&](const http::Request&) { return response(200, body); };
        auto session = make_session(ca_.directory_url());
        EXPECT_THAT(failure_of([&] { static_cast<void>(session.directory()); }),
                    HasSubstr("read the directory"))
            << body.substr(0, 20);
    }
}

TEST_F(SessionTest, ResolvesLocationsAndAlternates) {
    auto session = open_session();
    answer_first({response(
        200, "",
        {{"Location", "/order/7"}, {"Link", "<../c/2>;rel=\"alternate\""}, {"Retry-After", "3"}})});
    const auto reply = session.post_as_get(account_, "read");
    EXPECT_EQ(reply.location, ca_.server.url("/order/7"));
    EXPECT_THAT(reply.alternates, ::testing::ElementsAre(ca_.server.url("/c/2")));
    EXPECT_EQ(reply.retry_after, 3s);
}

TEST_F(SessionTest, AsksOnceForWhatItCanDoWithout) {
    auto session = make_session(ca_.directory_url());
    ca_.intercept = [](const http::Request&) { return response(503); };
    EXPECT_FALSE(session.get_once(ca_.server.url("/ari/x"), "read"));
    EXPECT_EQ(ca_.server.count("/ari/x"), 1U);
}

TEST_F(SessionTest, IsSharedByThreads) {
    SystemTimer timer;
    Session session({.directory_url = ca_.directory_url(),
                     .root_file = ca_.server.root_file(),
                     .user_agent = "Cairn/test"},
                    clock_, timer, random_);
    ca_.account_is_known = true;
    ca_.account_jwk = protocol::Jwk::of(key_.public_key());
    session.speak_for(key_, account_);
    constexpr std::size_t threads = 12;
    constexpr std::size_t rounds = 5;
    {
        std::vector<std::jthread> jobs;
        for (std::size_t i = 0; i < threads; ++i)
            jobs.emplace_back([&] {
                for (std::size_t round = 0; round < rounds; ++round)
                    EXPECT_EQ(failure_of([&] { session.post_as_get(account_, "read"); }),
                              "no failure");
            });
    }
    EXPECT_EQ(ca_.server.count("/directory"), 1U);
    EXPECT_EQ(ca_.server.count("/account/1"), threads * rounds) << "a nonce was used twice";
    // Nonces come back with each reply; only the first requests fetch one.
    EXPECT_LE(ca_.server.count("/nonce"), threads);
}

TEST_F(SessionTest, AThreadThatAsksForANonceHasItForItself) {
    constexpr std::size_t threads = 12;
    constexpr std::size_t rounds = 20;
    ca_.replies_bring_nonces = false;
    SystemTimer timer;
    Session session({.directory_url = ca_.directory_url(),
                     .root_file = ca_.server.root_file(),
                     .user_agent = "Cairn/test"},
                    clock_, timer, random_);
    ca_.account_is_known = true;
    ca_.account_jwk = protocol::Jwk::of(key_.public_key());
    session.speak_for(key_, account_);
    std::mutex mutex;
    std::set<std::string> failures;
    {
        std::vector<std::jthread> jobs;
        for (std::size_t i = 0; i < threads; ++i)
            jobs.emplace_back([&] {
                for (std::size_t round = 0; round < rounds; ++round) {
                    const auto failure = failure_of([&] { session.post_as_get(account_, "read"); });
                    const std::scoped_lock lock(mutex);
                    failures.insert(failure);
                }
            });
    }
    EXPECT_THAT(failures, ElementsAre("no failure"));
    EXPECT_EQ(ca_.server.count("/nonce"), threads * rounds);
}

TEST_F(SessionTest, ADirectoryThatCannotBeReadIsAskedForOnce) {
    ca_.intercept = [](const http::Request&) { return response(404, "nothing here"); };
    auto session = open_session();
    EXPECT_THAT(failure_of([&] { static_cast<void>(session.directory()); }),
                HasSubstr("answered 404"));
    EXPECT_TRUE(session.is_unavailable());
    const auto text = failure_of([&] { session.post_as_get(account_, "read the account"); });
    EXPECT_THAT(text, HasSubstr("Could not read the directory " + ca_.directory_url() + ": " +
                                session.host() + " is not asked again in this run"));
    EXPECT_THAT(text, HasSubstr("answered 404"));
    EXPECT_EQ(ca_.server.requests().size(), 1U);
}

TEST_F(SessionTest, ACaThatStopsAnsweringIsFoundOutOnce) {
    auto ca = std::make_unique<FakeCa>();
    Session session({.directory_url = ca->directory_url(),
                     .root_file = ca->server.root_file(),
                     .user_agent = "Cairn/test"},
                    clock_, timer_, random_);
    static_cast<void>(session.directory());
    const auto account = ca->server.url("/account/1");
    const auto renewal_info = ca->server.url("/ari/x");
    session.speak_for(key_, account);
    ca.reset();
    EXPECT_THAT(failure_of([&] { session.post_as_get(account, "read"); }),
                HasSubstr("no connection to"));
    EXPECT_TRUE(session.is_unavailable());
    const auto waited = timer_.waited();
    EXPECT_GE(waited, 8s);
    EXPECT_LE(waited, 30s);
    EXPECT_THAT(failure_of([&] { session.post_as_get(account, "read"); }),
                AllOf(HasSubstr("is not asked again in this run"), HasSubstr("no connection to")));
    EXPECT_THAT(session.get_once(renewal_info, "read").error().what(),
                HasSubstr("is not asked again in this run"));
    EXPECT_EQ(timer_.waited(), waited);
}

TEST_F(SessionTest, ACaWhoseReplyBreaksOffIsAskedForOtherThings) {
    auto session = open_session();
    ca_.intercept = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/order") return std::nullopt;
        return response(200, std::string(2 << 20, ' '));
    };
    EXPECT_THAT(failure_of([&] { session.post(ca_.server.url("/order"), "{}", "order"); }),
                HasSubstr("is larger than"));
    EXPECT_FALSE(session.is_unavailable());
    EXPECT_EQ(failure_of([&] { session.post_as_get(account_, "read"); }), "no failure");
}

TEST_F(SessionTest, AWaitThatTheCaAsksForIsForAll) {
    auto session = open_session();
    ca_.intercept = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/ari/x") return std::nullopt;
        return response(503, "", {{"Retry-After", "7"}});
    };
    EXPECT_FALSE(session.get_once(ca_.server.url("/ari/x"), "read"));
    EXPECT_EQ(timer_.waited(), 0s);
    session.post_as_get(account_, "read");
    EXPECT_EQ(timer_.waited(), 7s);
}

TEST_F(SessionTest, ACaThatIsBusyForLongIsLeftAlone) {
    auto session = open_session();
    answer_first({response(503, "", {{"Retry-After", "3600"}})});
    EXPECT_THAT(failure_of([&] { session.post_as_get(account_, "read"); }),
                HasSubstr("try again after 2023-11-14T23:13:20Z"));
    EXPECT_THAT(
        failure_of([&] { session.post_as_get(account_, "read"); }),
        AllOf(HasSubstr("is not asked again"), HasSubstr("try again after 2023-11-14T23:13:20Z")));
    EXPECT_EQ(ca_.server.count("/account/1"), 1U);
    timer_.wait(1h);
    EXPECT_FALSE(session.is_unavailable());
    session.post_as_get(account_, "read");
    EXPECT_EQ(ca_.server.count("/account/1"), 2U);
}

TEST_F(SessionTest, ALimitForOneRequestIsNotForOthers) {
    auto session = open_session();
    auto limited = ca_.problem(protocol::ProblemType::rate_limited, "too many for these names");
    limited.fields.emplace_back("Retry-After", "86400");
    answer_first({limited});
    EXPECT_THAT(failure_of([&] { session.post(ca_.server.url("/order"), "{}", "order"); }),
                HasSubstr("too many for these names"));
    EXPECT_FALSE(session.is_unavailable());
    EXPECT_EQ(failure_of([&] { session.post_as_get(account_, "read"); }), "no failure");
}

TEST_F(SessionTest, StopsAskingForWhatItCanDoWithoutWhenNobodyAnswers) {
    auto session = make_session(ca_.directory_url());
    const auto nowhere = "https://127.0.0.1:" + std::to_string(testing::free_port()) + "/x";
    const auto failure = [&] {
        return std::string(session.get_once(nowhere, "read").error().what());
    };
    for (int i = 0; i < 3; ++i) EXPECT_THAT(failure(), HasSubstr("no connection to"));
    EXPECT_THAT(failure(), HasSubstr("did not answer such questions before"));
    EXPECT_FALSE(session.is_unavailable());
}

}  // namespace
}  // namespace cairn::client::session_test
