#include "va/redirect.h"

#include <gtest/gtest.h>

namespace cairn::va::redirect_test {
namespace {

net::Url url(std::string_view text) {
    return net::Url::from_text(text).value();
}

Settings settings_with(std::uint16_t http_port, std::uint16_t https_port) {
    Settings settings{.egress = EgressPolicy({})};
    settings.http_port = http_port;
    settings.https_port = https_port;
    return settings;
}

base::Result<net::Url> redirected(std::string_view location, const Settings& settings) {
    return redirect_target(url("http://example.com/.well-known/acme-challenge/x"), location,
                           "example.com", settings);
}

// Check 96.
TEST(Redirect, OnlyFourStatusCodesLeadOn) {
    for (const unsigned status : {301U, 302U, 307U, 308U}) EXPECT_TRUE(is_redirect(status));
    for (const unsigned status : {200U, 204U, 300U, 303U, 304U, 305U, 306U, 404U}) {
        EXPECT_FALSE(is_redirect(status)) << status;
    }
}

TEST(Redirect, FollowsHttpAndHttpsOnTheirPorts) {
    const auto settings = settings_with(80, 443);
    const std::pair<const char*, const char*> cases[] = {
        {"https://example.com/a?b=c", "https://example.com/a?b=c"},
        {"https://www.example.org:443/", "https://www.example.org/"},
        {"http://example.org:443/", "http://example.org:443/"},
        {"//example.org/x", "http://example.org/x"},
        {"/other", "http://example.com/other"},
        {"../up", "http://example.com/.well-known/up"},
        {"http://192.0.2.1/", "http://192.0.2.1/"},  // judged when it is dialled
        {"http://[2001:db8::1]/", "http://[2001:db8::1]/"},
    };
    for (const auto& [location, target] : cases) {
        const auto result = redirected(location, settings);
        ASSERT_TRUE(result) << location << ": " << result.error().message;
        EXPECT_EQ(result->to_string(), target);
    }
}

TEST(Redirect, WhatBrowsersEncodeIsEncoded) {
    const auto settings = settings_with(80, 443);
    const std::pair<const char*, const char*> cases[] = {
        {"/a b", "http://example.com/a%20b"},
        {"/a%20b", "http://example.com/a%20b"},
        {"https://example.com/[x]?y=[1] {2}", "https://example.com/%5Bx%5D?y=%5B1%5D%20%7B2%7D"},
        {"/gr\xc3\xbc\xc3\x9f/\xe2\x82\xac", "http://example.com/gr%C3%BC%C3%9F/%E2%82%AC"},
        {"//example.org/a|b^c`d\"<>\\", "http://example.org/a%7Cb%5Ec%60d%22%3C%3E%5C"},
        {"b c", "http://example.com/.well-known/acme-challenge/b%20c"},
        {"?q=a b", "http://example.com/.well-known/acme-challenge/x?q=a%20b"},
        {"/x?next=https://example.com/a b", "http://example.com/x?next=https://example.com/a%20b"},
        {"http://[2001:db8::1]/[1]", "http://[2001:db8::1]/%5B1%5D"},
    };
    for (const auto& [location, target] : cases) {
        const auto result = redirected(location, settings);
        ASSERT_TRUE(result) << location << ": " << result.error().message;
        EXPECT_EQ(result->to_string(), target);
    }
    for (const auto* location : {"http://exa[mple.com/", "http://exa\xc3\xa4mple.com/", "/a\x01",
                                 "/a\tb", "/a\x7f", "http:// example.com/"})
        EXPECT_FALSE(redirected(location, settings)) << location;
}

class RefusedRedirect : public ::testing::TestWithParam<const char*> {};

// Checks 97, 98, 99.
TEST_P(RefusedRedirect, IsNotFollowed) {
    EXPECT_FALSE(redirected(GetParam(), settings_with(80, 443)));
}

// Conformance checks 97 to 99.
INSTANTIATE_TEST_SUITE_P(
    Redirect, RefusedRedirect,
    ::testing::Values("http://example.com:22/", "http://example.com:25/",
                      "http://example.com:8080/", "https://example.com:8443/",
                      "http://example.com:0/", "http://example.com:99999/", "file:///etc/passwd",
                      "gopher://example.com/", "ftp://example.com/", "javascript:alert(1)",
                      "http://user@example.com/", "http://user:password@example.com/",
                      "http://localhost/", "http://LOCALHOST/", "http://localhost./",
                      "http://a.localhost/", "http://intranet/", "https://com/", "http:///",
                      "http://exa mple.com/", "http://example.com\r\nX: y/"));

// Check 98.
TEST(Redirect, ALocationBeyond2000OctetsIsRefused) {
    EXPECT_FALSE(
        redirected("http://example.com/" + std::string(2000, 'a'), settings_with(80, 443)));
}

TEST(Redirect, TheValidatedHostMayBeOfOneLabel) {
    const auto settings = settings_with(80, 443);
    EXPECT_TRUE(
        redirect_target(url("http://intranet/x"), "https://intranet/x", "intranet", settings));
    EXPECT_FALSE(
        redirect_target(url("http://intranet/x"), "https://other/x", "intranet", settings));
}

TEST(Redirect, TheOperatorsPortsStandInForThoseOfTheSchemes) {
    const auto settings = settings_with(5002, 5001);
    EXPECT_EQ(port_to_dial(url("http://example.com/"), settings), 5002);
    EXPECT_EQ(port_to_dial(url("https://example.com/"), settings), 5001);
    EXPECT_EQ(port_to_dial(url("http://example.com:5002/"), settings), 5002);
    EXPECT_EQ(port_to_dial(url("https://example.com:5001/"), settings), 5001);
    EXPECT_EQ(port_to_dial(url("http://example.com:8080/"), settings), std::nullopt);
}

}  // namespace
}  // namespace cairn::va::redirect_test
