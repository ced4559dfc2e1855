#include "client/nginx/server_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::nginx::server_name_test {
namespace {

NameMatch match(std::string_view name, std::string_view host) {
    return match_of(ServerName::from_text(name), host).value();
}

TEST(NginxServerName, AnswersAsNginxDoes) {
    EXPECT_EQ(match("A.Example", "a.example"), NameMatch::exact);
    EXPECT_EQ(match("a.example", "b.example"), NameMatch::none);
    EXPECT_EQ(match("*.example", "a.example"), NameMatch::leading_star);
    EXPECT_EQ(match("*.example", "b.a.example"), NameMatch::leading_star);
    EXPECT_EQ(match("*.example", "example"), NameMatch::none);
    EXPECT_EQ(match("*.example", "aexample"), NameMatch::none);
    EXPECT_EQ(match(".a.example", "a.example"), NameMatch::exact);
    EXPECT_EQ(match(".a.example", "x.a.example"), NameMatch::leading_star);
    EXPECT_EQ(match("www.a.*", "www.a.example"), NameMatch::trailing_star);
    EXPECT_EQ(match("www.a.*", "www.a"), NameMatch::none);
    EXPECT_EQ(match("_", "a.example"), NameMatch::none);
    EXPECT_EQ(match("", "a.example"), NameMatch::none);
    EXPECT_EQ(match("~^(?<user>\\w+)\\.example$", "a.example"), NameMatch::regex);
    EXPECT_EQ(match("~^(?P<n>WWW\\d)\\.", "www1.example"), NameMatch::regex);
    EXPECT_EQ(match("~^www", "a.example"), NameMatch::none);
}

TEST(NginxServerName, AnswersForAWildcardByTheSameWildcard) {
    EXPECT_EQ(match("*.a.example", "*.a.example"), NameMatch::leading_star);
    EXPECT_EQ(match(".a.example", "*.a.example"), NameMatch::leading_star);
    EXPECT_EQ(match("*.example", "*.a.example"), NameMatch::leading_star);
    EXPECT_EQ(match("a.example", "*.a.example"), NameMatch::none);
    EXPECT_EQ(match("~.", "*.a.example"), NameMatch::none);
}

TEST(NginxServerName, SaysWhichExpressionItCannotRead) {
    EXPECT_THAT(match_of(ServerName::from_text("~(a"), "a").error().message,
                ::testing::HasSubstr("server_name ~(a: missing closing parenthesis"));
    EXPECT_THAT(
        match_of(ServerName::from_text("~^(a+)+$"), std::string(200, 'a') + "!").error().message,
        ::testing::HasSubstr("limit"));
}

}  // namespace
}  // namespace cairn::client::nginx::server_name_test
