#include "ca/facts/name_pattern.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cairn::ca::name_pattern_test {
namespace {

using protocol::Identifier;

Identifier identifier(const std::string& text) {
    const bool is_address = text.contains(':') || text.starts_with("192.0.2.");
    return (is_address ? Identifier::ip(text) : Identifier::dns(text)).value();
}

TEST(NamePattern, MeansWhatItsFormSays) {
    struct Case {
        std::string pattern;
        std::vector<std::string> meant, not_meant;
    };
    const std::vector<Case> cases{
        {"host.example", {"host.example"}, {"a.host.example", "*.host.example", "xhost.example"}},
        {"HOST.Example", {"host.example"}, {"example"}},
        {"*.example", {"*.example"}, {"a.example", "example", "*.a.example"}},
        {".example",
         {"a.example", "b.a.example", "*.example", "*.a.example"},
         {"example", "an-example", "example.org", "a.example.org", "aexample"}},
        {"192.0.2.1", {"192.0.2.1"}, {"192.0.2.2", "host.example"}},
        {"192.0.2.0/31", {"192.0.2.0", "192.0.2.1"}, {"192.0.2.2", "2001:db8::1"}},
        {"2001:db8::/32", {"2001:db8::1"}, {"192.0.2.1"}},
    };
    for (const auto& [text, meant, not_meant] : cases) {
        const auto pattern = NamePattern::from_text(text);
        ASSERT_TRUE(pattern) << text << ": " << pattern.error().message;
        for (const auto& name : meant)
            EXPECT_TRUE(pattern->matches(identifier(name))) << text << " " << name;
        for (const auto& name : not_meant)
            EXPECT_FALSE(pattern->matches(identifier(name))) << text << " " << name;
        const auto again = NamePattern::from_text(pattern->to_string());
        ASSERT_TRUE(again) << pattern->to_string();
        EXPECT_EQ(again->to_string(), pattern->to_string());
    }
}

TEST(NamePattern, RefusesWhatMeansNothing) {
    for (const std::string text : {"", ".", "..example", ".*.example", "*.*.example", "a b", "*",
                                   "10.0.0.1/8", ".10.0.0.0", "exa\nmple"})
        EXPECT_FALSE(NamePattern::from_text(text)) << text;
}

}  // namespace
}  // namespace cairn::ca::name_pattern_test
