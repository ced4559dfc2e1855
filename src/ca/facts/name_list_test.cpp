#include "ca/facts/name_list.h"

#include <gtest/gtest.h>

namespace cairn::ca::name_list_test {
namespace {

using protocol::Identifier;

Identifier identifier(std::string_view text) {
    auto address = Identifier::ip(text);
    return address ? *address : Identifier::dns(text).value();
}

NameList list(const std::vector<std::string>& entries) {
    return NameList::of(entries).value();
}

TEST(NameListTest, ContainsExactNamesSuffixesAndNetworks) {
    const auto names = list({"www.example.com", "*.shop.example.com", ".corp.example",
                             "10.1.0.0/16", "2001:db8::/32", "192.0.2.7"});
    for (const char* inside :
         {"www.example.com", "*.shop.example.com", "a.corp.example", "a.b.corp.example",
          "*.corp.example", "*.a.corp.example", "10.1.255.1", "2001:db8::1", "192.0.2.7"})
        EXPECT_TRUE(names.contains(identifier(inside))) << inside;
    for (const char* outside :
         {"example.com", "a.www.example.com", "*.www.example.com", "shop.example.com",
          "a.shop.example.com", "corp.example", "notcorp.example", "xcorp.example", "10.2.0.1",
          "2001:db9::1", "192.0.2.8"})
        EXPECT_FALSE(names.contains(identifier(outside))) << outside;
}

TEST(NameListTest, TouchesAWildcardThatStandsForAListedName) {
    const auto names = list({"www.example.com", ".deep.b.example.com"});
    EXPECT_TRUE(names.touches(identifier("*.example.com")));
    EXPECT_FALSE(names.touches(identifier("*.com.example")));
    EXPECT_FALSE(names.touches(identifier("*.www.example.com")));
    EXPECT_FALSE(names.touches(identifier("*.b.example.com"))) << "it stands for deep alone";
    EXPECT_FALSE(names.contains(identifier("*.example.com")));
}

TEST(NameListTest, RefusesWhatIsNoEntry) {
    for (const char* bad : {"", ".", "*", "*.*.a.example", "a..example", "a_b.example",
                            "10.1.0.1/16", "1.2.3", "..example", ".*.example", "a.example."}) {
        const std::vector<std::string> entries{bad};
        const auto refused = NameList::of(entries);
        ASSERT_FALSE(refused) << bad;
        EXPECT_TRUE(refused.error().message.contains("is neither a name")) << bad;
    }
    EXPECT_TRUE(NameList::of({})->is_empty());
}

TEST(NameRulesTest, DenyingGoesBeforeAllowing) {
    using enum NameRules::Verdict;
    EXPECT_EQ(NameRules{}.judge(identifier("a.example")), allowed);
    const NameRules rules{list({".example.com"}), list({"secret.example.com"})};
    EXPECT_EQ(rules.judge(identifier("a.example.com")), allowed);
    EXPECT_EQ(rules.judge(identifier("example.com")), not_listed);
    EXPECT_EQ(rules.judge(identifier("192.0.2.1")), not_listed);
    EXPECT_EQ(rules.judge(identifier("secret.example.com")), denied);
    EXPECT_EQ(rules.judge(identifier("*.example.com")), denied);
}

}  // namespace
}  // namespace cairn::ca::name_list_test
