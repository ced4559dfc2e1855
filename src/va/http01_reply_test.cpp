#include "va/http01_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/testing/challenge.h"

namespace cairn::va::http01_reply_test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using testing::key_authorization;
using ::testing::Not;

Reply reply(unsigned status, std::string body) {
    return {.peer = "192.0.2.1:80", .status = status, .locations = {}, .body = std::move(body)};
}
std::string told(const Reply& reply, Disclosure disclosure) {
    const auto fault = fault_of(reply, key_authorization, disclosure);
    return fault ? fault->text : "";
}

TEST(Http01Reply, HasNoFaultWithTheKeyAuthorization) {
    for (const auto disclosure : {Disclosure::quotes, Disclosure::status, Disclosure::none}) {
        EXPECT_EQ(told(reply(200, std::string(key_authorization) + "\r\n"), disclosure), "");
        EXPECT_NE(told(reply(201, std::string(key_authorization)), disclosure), "");
    }
}

TEST(Http01Reply, IsQuotedShortAndPrintable) {
    EXPECT_THAT(told(reply(200, "<html>not here</html>"), Disclosure::quotes),
                HasSubstr("\"<html>not here</html>\""));
    const auto hostile =
        told(reply(200, "\x1b]0;owned\x07" + std::string(490, '\xff')), Disclosure::quotes);
    EXPECT_THAT(hostile, HasSubstr("?]0;owned?"));
    EXPECT_THAT(hostile, Not(ContainsRegex("[^ -~]")));
    EXPECT_THAT(hostile, Not(HasSubstr(std::string(100, '?'))));
    EXPECT_THAT(told(reply(200, std::string(600, 'a')), Disclosure::quotes),
                HasSubstr("beyond 512 octets and begins \"aaa"));
}

TEST(Http01Reply, IsNotQuotedWhereTheSubscriberMayNotLook) {
    for (const auto& body : {std::string("SECRET"), std::string(600, 'S')}) {
        EXPECT_THAT(told(reply(200, body), Disclosure::status), Not(HasSubstr("S")));
        EXPECT_EQ(told(reply(200, body), Disclosure::none),
                  "the answer is not the key authorization");
    }
    EXPECT_EQ(told(reply(403, ""), Disclosure::status), "status 403, not 200");
    EXPECT_EQ(told(reply(403, ""), Disclosure::none), "the answer is not the key authorization");
}

TEST(Http01Reply, TellsWhereARedirectLedOnlyWhereItMay) {
    const auto start = net::Url::from_text("http://example.com/.well-known/x").value();
    const auto settings = testing::public_settings();
    auto found = reply(302, "");
    found.locations = {"http://secret.example:8080/"};
    const auto quoted = next_url(start, found, 0, start, settings, Disclosure::quotes);
    ASSERT_FALSE(quoted);
    EXPECT_THAT(quoted.error().message, HasSubstr("8080"));
    for (const auto disclosure : {Disclosure::status, Disclosure::none}) {
        const auto withheld = next_url(start, found, 0, start, settings, disclosure);
        ASSERT_FALSE(withheld);
        EXPECT_THAT(withheld.error().message, Not(ContainsRegex("secret|8080")));
    }
    found.locations = {"https://www.example.org/"};
    EXPECT_TRUE(next_url(start, found, 1, start, settings, Disclosure::status));
    EXPECT_FALSE(next_url(start, found, 10, start, settings, Disclosure::status));
}

}  // namespace
}  // namespace cairn::va::http01_reply_test
