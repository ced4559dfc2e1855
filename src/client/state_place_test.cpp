#include "client/state_place.h"

#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::state_place_test {
namespace {

using Origin = StatePlace::Origin;
using testing::TemporaryFolder;

TEST(StatePlace, IsByDefaultThatOfTheUser) {
    EXPECT_EQ(usual_state({.is_root = true, .state_home = "/x", .home = "/root"}),
              "/var/lib/cairn");
    EXPECT_EQ(usual_state({.state_home = "/x", .home = "/home/a"}), "/x/cairn");
    EXPECT_EQ(usual_state({.home = "/home/a"}), "/home/a/.local/state/cairn");
    // A relative one is to be ignored.
    EXPECT_EQ(usual_state({.state_home = "x", .home = "/home/a"}), "/home/a/.local/state/cairn");
    EXPECT_EQ(usual_state({}), "");
}

TEST(StatePlace, IsTheFormerOneWhereAStateIsInThatAlone) {
    const TemporaryFolder folder;
    const auto former = folder / "etc";
    const StateUser user{.state_home = folder.path().string()};
    const auto usual = folder / "cairn";
    EXPECT_EQ(state_place({}, user, former).root, usual);
    // Settings are no state, and neither are locks.
    make_private_directory(former / "locks");
    make_private_directory(former / "credentials");
    write_durably(former / "locks" / "accounts", "", FileAccess::owner);
    write_durably(former / "cairn.toml", "", FileAccess::owner);
    EXPECT_EQ(state_place({}, user, former).origin, Origin::usual);
    make_private_directory(former / "renewal");
    EXPECT_EQ(state_place({}, user, former).origin, Origin::usual) << "it is empty";
    write_durably(former / "renewal" / "a.json", "{}", FileAccess::owner);
    EXPECT_EQ(state_place({}, user, former).root, former);
    EXPECT_EQ(state_place({}, user, former).origin, Origin::former);
    EXPECT_EQ(state_place("/said", user, former).root, "/said");
    EXPECT_EQ(state_place("/said", user, former).origin, Origin::said);
    make_private_directory(usual / "accounts" / "ca");
    EXPECT_EQ(state_place({}, user, former).root, usual);
}

TEST(StatePlace, IsUnknownForAUserWithoutAHome) {
    const TemporaryFolder folder;
    EXPECT_EQ(state_place({}, {}, folder / "none").origin, Origin::unknown);
}

}  // namespace
}  // namespace cairn::client::state_place_test
