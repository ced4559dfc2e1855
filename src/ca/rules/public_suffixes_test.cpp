#include "ca/rules/public_suffixes.h"

#include <gtest/gtest.h>

namespace cairn::ca::public_suffixes_test {
namespace {

TEST(PublicSuffixesTest, KnowsWhereRegistriesSellNames) {
    const PublicSuffixes suffixes;
    for (const char* suffix : {"com", "co.uk", "uk", "ck", "foo.ck", "xn--p1ai", "arpa"})
        EXPECT_TRUE(suffixes.is_public_suffix(suffix)) << suffix;
    for (const char* name : {"example.com", "www.ck", "test", "corp", "github.io"})
        EXPECT_FALSE(suffixes.is_public_suffix(name)) << name;
}

TEST(PublicSuffixesTest, FindsTheRegisteredDomain) {
    const PublicSuffixes suffixes;
    struct Case {
        const char *name, *domain;
    };
    for (const auto& [name, domain] :
         {Case{"a.b.example.co.uk", "example.co.uk"}, Case{"example.com", "example.com"},
          Case{"www.example.com", "example.com"}, Case{"com", "com"}, Case{"a.b.corp", "a.b.corp"},
          Case{"a.github.io", "github.io"}, Case{"a.b.foo.ck", "b.foo.ck"}})
        EXPECT_EQ(suffixes.registered_domain(name), domain) << name;
}

TEST(TopLevelDomainsTest, AreReadFromIanasFile) {
    const auto domains = read_top_level_domains(
        "# Version 2026112200, Last Updated Sun Nov 22 07:07:01 2026 UTC\nAAA\nCOM\r\nXN--P1AI\n");
    ASSERT_TRUE(domains) << domains.error().message;
    EXPECT_EQ(*domains, (std::set<std::string, std::less<>>{"aaa", "com", "xn--p1ai"}));
    for (const char* bad : {"", "# nothing\n", "co.uk\n", "a b\n", "<html>\n", "com\n-\n"})
        EXPECT_FALSE(read_top_level_domains(bad)) << bad;
    EXPECT_TRUE(read_top_level_domains("com\nco.uk\n").error().message.starts_with("line 2 "));
}

}  // namespace
}  // namespace cairn::ca::public_suffixes_test
