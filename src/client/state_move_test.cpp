#include "client/state_move.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/state_directory.h"
#include "client/state_place.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::state_move_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

class StateMoveTest : public ::testing::Test {
  protected:
    StateMoveTest() {
        for (const auto* name : {"live/a", "archive/a", "renewal", "locks", "credentials"})
            fs::create_directories(from / name);
        write("archive/a/privkey1.pem", "key");
        write("renewal/a.json", "{}");
        write("locks/a.lineage", "");
        write("calendar", "dates");
        write("credentials/dns.toml", "secret");
        fs::create_symlink("../../archive/a/privkey1.pem", from / "live/a/privkey.pem");
        fs::create_symlink("../../outside", from / "archive/elsewhere");
        ::chmod(from.c_str(), 0750);
    }
    void write(const std::string& name, const std::string& text) const {
        write_durably(from / name, text, FileAccess::owner);
    }
    [[nodiscard]] static std::string read(const fs::path& file) {
        return read_file(file, 1000).value_or("none");
    }
    /// A server with paths in the old place, and one with paths in the new one, if that is there.
    void expect_complete() const {
        EXPECT_EQ(read(from / "live/a/privkey.pem"), "key");
        EXPECT_EQ(read(from / "renewal/a.json"), "{}");
        EXPECT_EQ(read(from / "credentials/dns.toml"), "secret");
        if (!fs::exists(to)) return;
        EXPECT_EQ(read(to / "live/a/privkey.pem"), "key");
        EXPECT_EQ(read(to / "renewal/a.json"), "{}");
    }

    TemporaryFolder folder;
    fs::path from = folder / "etc" / "cairn", to = folder / "var" / "lib" / "cairn";
};

TEST_F(StateMoveTest, LeavesLinksInTheOldPlaceAndSettings) {
    StateMove(from, to).run();
    expect_complete();
    EXPECT_EQ(fs::read_symlink(from / "live"), to / "live");
    EXPECT_FALSE(fs::exists(to / "credentials"));
    EXPECT_FALSE(fs::is_symlink(from / "credentials"));
    EXPECT_THAT(file_names_in(from), ::testing::UnorderedElementsAre("live", "archive", "renewal",
                                                                     "locks", "credentials"));
    EXPECT_THAT(file_names_in(to),
                ::testing::UnorderedElementsAre("live", "archive", "renewal", "locks", "calendar"));
    EXPECT_EQ(fs::read_symlink(to / "archive/elsewhere"), folder / "etc" / "outside");
    struct stat facts{};
    ASSERT_EQ(::stat(to.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777U, 0750U);
    ASSERT_EQ(::stat((to / "archive/a/privkey1.pem").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777U, 0600U);
    EXPECT_TRUE(StateMove(from, to).is_done());
}

TEST_F(StateMoveTest, IsCompleteBetweenAllStepsAndGoneOnWith) {
    int steps = 0;
    for (bool is_left = true; is_left; ++steps) {
        // Each step by a run of its own, as if the one before had died.
        is_left = StateMove(from, to).take_step();
        expect_complete();
        EXPECT_EQ(has_state(to), true);
    }
    EXPECT_GT(steps, 6);
    EXPECT_TRUE(StateMove(from, to).is_done());
}

TEST_F(StateMoveTest, DoesNotMindWhatADeadRunHasCopied) {
    fs::create_directories(to.parent_path() / ".cairn.moving" / "live" / "half");
    StateMove(from, to).run();
    expect_complete();
    EXPECT_FALSE(fs::exists(to / "live/half"));
}

TEST_F(StateMoveTest, KeepsWhatIsMadeInTheOldPlaceMeanwhile) {
    ASSERT_TRUE(StateMove(from, to).take_step());
    fs::create_directories(from / "facts");
    write("facts/a.json", "facts");
    StateMove(from, to).run();
    EXPECT_EQ(read(to / "facts/a.json"), "facts");
}

TEST_F(StateMoveTest, RefusesASecondState) {
    fs::create_directories(to / "accounts" / "ca");
    try {
        StateMove(from, to).run();
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.came_back(), HasSubstr("in both"));
    }
    EXPECT_FALSE(fs::is_symlink(from / "live"));
}

TEST_F(StateMoveTest, RefusesWhileSomebodyWorksOnIt) {
    const StateDirectory state(from);
    const auto lock = state.try_lock(LineageName::from_text("a").value());
    try {
        StateMove(from, to).run();
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.came_back(), HasSubstr("a.lineage"));
    }
    EXPECT_FALSE(fs::exists(to));
    EXPECT_FALSE(fs::exists(to.parent_path() / ".cairn.moving"));
}

TEST_F(StateMoveTest, HasNothingToDoWithoutAState) {
    EXPECT_TRUE(StateMove(folder / "nowhere", to).is_done());
    EXPECT_FALSE(StateMove(from, to).is_done());
    EXPECT_THROW(StateMove(from, from / "below").run(), Failure);
}

}  // namespace
}  // namespace cairn::client::state_move_test
