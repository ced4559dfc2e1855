#include "ca/rules/validation_target.h"

#include <gtest/gtest.h>

namespace cairn::ca::validation_target_test {
namespace {

std::string target(const char* name) {
    return validation_target(protocol::Identifier::dns(name).value());
}
std::string target_of_address(const char* address) {
    return validation_target(protocol::Identifier::ip(address).value());
}

TEST(ValidationTarget, IsTheRegisteredDomain) {
    EXPECT_EQ(target("example.com"), "example.com");
    EXPECT_EQ(target("a.b.example.com"), "example.com");
    EXPECT_EQ(target("*.example.co.uk"), "example.co.uk");
    EXPECT_EQ(target("www.example.unheard-of"), "example.unheard-of");
    EXPECT_EQ(target("localhost"), "localhost");
}

TEST(ValidationTarget, IsTheNetworkOfAnAddress) {
    EXPECT_EQ(target_of_address("192.0.2.1"), target_of_address("192.0.2.254"));
    EXPECT_NE(target_of_address("192.0.2.1"), target_of_address("192.0.3.1"));
    EXPECT_EQ(target_of_address("2001:db8:1:2::1"), target_of_address("2001:db8:1:3::1"));
    EXPECT_NE(target_of_address("2001:db8:1::1"), target_of_address("2001:db8:2::1"));
}

}  // namespace
}  // namespace cairn::ca::validation_target_test
