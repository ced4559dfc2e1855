#include "protocol/ancestor_domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::protocol::ancestor_domain_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AncestorDomain, IsTheEndOfANameAtALabel) {
    const auto below = [](const char* name, const char* ancestor) {
        return is_below(Identifier::dns(name).value(), DnsName::from_text(ancestor).value());
    };
    EXPECT_TRUE(below("a.example.com", "example.com"));
    EXPECT_TRUE(below("a.b.c.example.com", "example.com"));
    EXPECT_TRUE(below("a.example.com", "com"));
    EXPECT_TRUE(below("A.EXAMPLE.com", "Example.COM"));
    EXPECT_TRUE(below("*.example.com", "example.com"));
    EXPECT_TRUE(below("*.a.example.com", "example.com"));
    EXPECT_FALSE(below("example.com", "example.com"));
    EXPECT_FALSE(below("example.com", "a.example.com"));
    EXPECT_FALSE(below("badexample.com", "example.com"));
    EXPECT_FALSE(below("example.com.example.org", "example.com"));
    EXPECT_FALSE(is_below(Identifier::ip("192.0.2.1").value(), DnsName::from_text("x").value()));
}

TEST(AncestorDomain, AreAllNamesAboveTheNearestFirst) {
    const auto above = [](const char* name) {
        std::vector<std::string> texts;
        for (const auto& ancestor : ancestors_of(Identifier::dns(name).value()))
            texts.push_back(ancestor.text());
        return texts;
    };
    EXPECT_THAT(above("a.b.example.com"), ElementsAre("b.example.com", "example.com", "com"));
    EXPECT_THAT(above("*.b.example.com"), ElementsAre("b.example.com", "example.com", "com"));
    EXPECT_THAT(above("localhost"), IsEmpty());
    EXPECT_THAT(ancestors_of(Identifier::ip("192.0.2.1").value()), IsEmpty());
}

}  // namespace
}  // namespace cairn::protocol::ancestor_domain_test
