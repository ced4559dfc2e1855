#include "ca/facts/uri_pattern.h"

#include <gtest/gtest.h>

#include "ca/facts/account_scope.h"

namespace cairn::ca::uri_pattern_test {
namespace {

TEST(UriPatternTest, MatchesOneValueOrATemplate) {
    const auto value = UriPattern::from_text("spiffe://example.org/web").value();
    EXPECT_TRUE(value.matches("spiffe://example.org/web"));
    EXPECT_FALSE(value.matches("spiffe://example.org/Web"));
    EXPECT_FALSE(value.matches("spiffe://example.org/web/"));
    EXPECT_FALSE(value.matches("spiffe://example.org"));

    const auto pattern = UriPattern::from_text("spiffe://example.org/ns/{ns}/sa/{sa}").value();
    for (const char* inside :
         {"spiffe://example.org/ns/a/sa/b", "spiffe://example.org/ns/A-1_.~/sa/b"})
        EXPECT_TRUE(pattern.matches(inside)) << inside;
    for (const char* outside :
         {"spiffe://example.org/ns/a/sa", "spiffe://example.org/ns/a/b/sa/c",
          "spiffe://example.org/ns//sa/b", "spiffe://example.org/ns/a/sa/b/c",
          "spiffe://example.com/ns/a/sa/b", "spiffe://example.org/ns/{ns}/sa/b",
          "spiffe://example.org/ns/../sa/b", "spiffe://example.org/ns/a%2fb/sa/c", ""})
        EXPECT_FALSE(pattern.matches(outside)) << outside;
}

TEST(UriPatternTest, RefusesWhatHasNoOneSpelling) {
    for (const char* good : {"spiffe://example.org", "https://a.example/b/c.d~e_f-g"})
        EXPECT_TRUE(check_uri_name(good)) << good;
    for (const char* bad : {"",
                            "spiffe",
                            "spiffe:/example.org",
                            "spiffe://",
                            "SPIFFE://example.org/a",
                            "spiffe://EXAMPLE.org/a",
                            "spiffe://example.org/",
                            "spiffe://example.org//a",
                            "spiffe://example.org/./a",
                            "spiffe://example.org/../a",
                            "spiffe://example.org/a?b",
                            "spiffe://example.org/a#b",
                            "spiffe://example.org/%61",
                            "spiffe://u@example.org/a",
                            "spiffe://example.org:1/a",
                            "spiffe://192.0.2.1/a",
                            "spiffe://example.org./a",
                            "spiffe://example.org/{a}",
                            "1a://example.org/a",
                            "spiffe://example.org/a b"})
        EXPECT_FALSE(check_uri_name(bad)) << bad;
    const std::string head = "spiffe://example.org/";
    EXPECT_TRUE(check_uri_name(head + std::string(2048 - head.size(), 'a')));
    EXPECT_FALSE(check_uri_name(head + std::string(2049 - head.size(), 'a')));
    std::string deep = "spiffe://example.org";
    for (int i = 0; i < 65; ++i) deep += "/a";
    EXPECT_FALSE(check_uri_name(deep));
    for (const char* bad :
         {"spiffe://{td}/a", "spiffe://example.org/x{a}", "spiffe://example.org/{}",
          "spiffe://example.org/{a b}", "spiffe://example.org/*"})
        EXPECT_FALSE(UriPattern::from_text(bad)) << bad;
}

TEST(AccountScopeTest, IsKeptAsText) {
    const auto scope = AccountScope::of({".example.com", "10.0.0.0/8"}, {"secret.example.com"},
                                        {"spiffe://example.org/{any}"})
                           .value();
    EXPECT_EQ(scope.to_text(),
              "allow .example.com\nallow 10.0.0.0/8\ndeny secret.example.com\n"
              "uri spiffe://example.org/{any}\n");
    EXPECT_EQ(AccountScope::from_text(scope.to_text()).value(), scope);
    EXPECT_EQ(AccountScope().to_text(), "");
    EXPECT_TRUE(AccountScope::from_text("")->is_empty());
    EXPECT_TRUE(scope.allows_uri("spiffe://example.org/web"));
    EXPECT_FALSE(scope.allows_uri("spiffe://example.org/web/x"));
    for (const char* bad : {"permit a.example\n", "allow a_b\n", "deny\n", "uri x\n"})
        EXPECT_FALSE(AccountScope::from_text(bad)) << bad;
}

}  // namespace
}  // namespace cairn::ca::uri_pattern_test
