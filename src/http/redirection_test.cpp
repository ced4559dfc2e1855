#include "http/redirection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::http::redirection_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

ExchangeResult redirect(int status, const std::string& location) {
    return Reply{.status = status, .body = {}, .fields = {{"location", location}}};
}

ClientRequest request(const std::string& method, const std::string& body = {}) {
    return {.method = method,
            .url = "https://a.test/from?x",
            .fields = {{"Authorization", "secret"},
                       {"Accept", "text/plain"},
                       {"content-type", "text/plain"}},
            .body = body};
}

TEST(Redirection, FollowsNoneUnlessAsked) {
    Redirection none(request("GET"), 0);
    const auto result = none.take(redirect(302, "/to"));
    ASSERT_TRUE(result && *result);
    EXPECT_EQ((*result)->status, 302);
}

TEST(Redirection, LeavesOtherAnswersAsTheyAre) {
    for (const int status : {200, 204, 300, 304, 305, 404, 503}) {
        Redirection chain(request("GET"), 5);
        EXPECT_TRUE(chain.take(redirect(status, "/to"))) << status;
    }
    Redirection chain(request("GET"), 5);
    const auto failed =
        chain.take(std::unexpected(ExchangeError{{"no answer"}, ExchangeError::Kind::timed_out}));
    ASSERT_TRUE(failed && !*failed);
    EXPECT_EQ(failed->error().kind, ExchangeError::Kind::timed_out);
}

TEST(Redirection, KeepsOrChangesTheMethodByTheStatus) {
    const struct {
        int status;
        std::string method, body, then;
    } rows[] = {{301, "POST", "b", "GET"},    {302, "POST", "b", "GET"},  {303, "POST", "b", "GET"},
                {303, "PUT", "b", "GET"},     {303, "HEAD", "", "HEAD"},  {301, "PUT", "b", "PUT"},
                {307, "POST", "b", "POST"},   {308, "POST", "b", "POST"}, {302, "GET", "", "GET"},
                {308, "DELETE", "", "DELETE"}};
    for (const auto& row : rows) {
        Redirection chain(request(row.method, row.body), 1);
        EXPECT_FALSE(chain.take(redirect(row.status, "to"))) << row.status << row.method;
        EXPECT_EQ(chain.request().method, row.then) << row.status << row.method;
        EXPECT_EQ(chain.request().url, "https://a.test/to");
        const bool same = row.method == row.then;
        EXPECT_EQ(chain.request().body, same ? row.body : "");
        EXPECT_EQ(chain.request().fields.size(), same ? 3U : 2U);
    }
}

TEST(Redirection, TellsAnotherOriginNothing) {
    for (const auto* other : {"https://b.test/to", "https://a.test:444/to", "//b.test/to"}) {
        Redirection chain(request("GET"), 1);
        EXPECT_FALSE(chain.take(redirect(302, other)));
        EXPECT_THAT(chain.request().fields, ElementsAre(Pair("Accept", "text/plain"))) << other;
        Redirection with_body(request("PUT", "secret"), 1);
        const auto result = with_body.take(redirect(307, other));
        ASSERT_TRUE(result && !*result);
        EXPECT_EQ(result->error().kind, ExchangeError::Kind::bad_redirect);
        EXPECT_THAT(result->error().message, HasSubstr("a body to another origin"));
    }
}

TEST(Redirection, RefusesWhatLeadsNowhere) {
    const std::pair<ExchangeResult, const char*> rows[] = {
        {redirect(302, "http://a.test/"), "from https to http"},
        {redirect(302, "ftp://a.test/"), "no URL"},
        {redirect(302, "https://a.test:0/"), "no URL"},
        {Reply{.status = 302, .body = {}, .fields = {}}, "without one Location"},
        {Reply{.status = 302, .body = {}, .fields = {{"location", "/a"}, {"location", "/b"}}},
         "without one Location"}};
    for (const auto& [reply, reason] : rows) {
        Redirection chain(request("GET"), 9);
        const auto result = chain.take(reply);
        ASSERT_TRUE(result && !*result) << reason;
        EXPECT_EQ(result->error().kind, ExchangeError::Kind::bad_redirect);
        EXPECT_THAT(result->error().message, HasSubstr(reason));
    }
}

TEST(Redirection, EndsACircle) {
    Redirection chain(request("GET"), 3);
    for (int count = 0; count < 3; ++count) EXPECT_FALSE(chain.take(redirect(302, "/to")));
    const auto result = chain.take(redirect(302, "/to"));
    ASSERT_TRUE(result && !*result);
    EXPECT_THAT(result->error().message, HasSubstr("more than 3 redirects"));
}

}  // namespace
}  // namespace cairn::http::redirection_test
