#include "client/doctor/lookups.h"

#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/temporary_folder.h"

namespace cairn::client::doctor::lookups_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SystemResolvers, AreThoseOfResolvConf) {
    const client::testing::TemporaryFolder folder;
    const auto file = folder / "resolv.conf";
    std::ofstream(file) << "# nameserver 192.0.2.9\n"
                           "search example.org\n"
                           "nameserver 192.0.2.1\n"
                           "nameserver\t2001:db8::1 # ours\n"
                           "nameserverx 192.0.2.2\n"
                           "nameserver fe80::1%eth0\n"
                           "nameserver nonsense\n"
                           "nameserver 192.0.2.3\n"
                           "nameserver 192.0.2.4\n";
    EXPECT_THAT(system_resolvers(file.string()),
                ElementsAre("192.0.2.1", "2001:db8::1", "192.0.2.3"));
    EXPECT_THAT(system_resolvers((folder / "none").string()), IsEmpty());
}

TEST(Lookups, AreRefusedWhereTheyCannotBe) {
    EXPECT_THROW(Lookups({.resolvers = {"nonsense"}}), std::runtime_error);
    EXPECT_THROW(Lookups({.resolvers = {"127.0.0.1:1"}, .trust_anchor_file = "/nonexistent"}),
                 std::runtime_error);
}

TEST(Lookups, SayWhoDoesNotAnswer) {
    // A port of loopback at which nobody listens refuses at once.
    Lookups lookups({.resolvers = {"127.0.0.1:1"}});
    const auto seen = lookups.resolve("a.example");
    ASSERT_FALSE(seen.v4);
    EXPECT_THAT(seen.v4.error().message, ::testing::HasSubstr("127.0.0.1:1"));
    EXPECT_FALSE(lookups.look_at_zone("a.example").zone);
    EXPECT_FALSE(lookups.find_caa_set("a.example"));
}

}  // namespace
}  // namespace cairn::client::doctor::lookups_test
