#include "dns/caa_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::dns::caa_record_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

base::Result<CaaIssuer> read(std::string_view value) {
    return CaaIssuer::from_value(base::bytes_of(value));
}

TEST(CaaIssuer, IsReadByTheGrammar) {
    for (const char* nobody : {"", ";", "  ; ", " "}) {
        ASSERT_TRUE(read(nobody)) << nobody;
        EXPECT_EQ(read(nobody)->domain, "") << nobody;
    }
    EXPECT_EQ(read("CA.Example")->domain, "ca.example");
    EXPECT_EQ(read(" ca.example ;")->domain, "ca.example");
    const auto issuer = read("ca.example ; Account = 230123;\tb-2=; url=https://a/?b=c");
    ASSERT_TRUE(issuer) << issuer.error().message;
    EXPECT_THAT(issuer->parameters, ElementsAre(Pair("account", "230123"), Pair("b-2", ""),
                                                Pair("url", "https://a/?b=c")));
    EXPECT_THAT(read(";a=b")->parameters, ElementsAre(Pair("a", "b")));
}

TEST(CaaIssuer, IsNoneIfItBreaksTheGrammar) {
    for (const char* broken :
         {"%%%", "ca example", "-ca.example", "ca..example", ".ca.example", "ca.example.",
          "ca.example; a", "ca.example; =b", "ca.example; a_b=c", "ca.example; a=b c",
          "ca.example; a=b;", "ca.example;; a=b", "ca.ex\x01mple", "ca.example; a=\xc3\xa4"})
        EXPECT_FALSE(read(broken)) << broken;
}

TEST(CaaIssuer, HasAParameterOnce) {
    const auto issuer = read("ca.example; accounturi=x; a=1; a=1").value();
    EXPECT_EQ(issuer.parameter("accounturi").value(), "x");
    EXPECT_EQ(issuer.parameter("validationmethods").value(), std::nullopt);
    EXPECT_FALSE(issuer.parameter("a"));
}

TEST(CaaMethods, AreAListOfLabels) {
    EXPECT_THAT(listed_methods("dns-01"), ElementsAre("dns-01"));
    EXPECT_THAT(listed_methods("DNS-01,http-01,ca-x"), ElementsAre("dns-01", "http-01", "ca-x"));
    for (const char* none : {"", ",", "dns-01,", "dns_01", "dns-01, http-01"})
        EXPECT_THAT(listed_methods(none), IsEmpty()) << none;
}

}  // namespace
}  // namespace cairn::dns::caa_record_test
