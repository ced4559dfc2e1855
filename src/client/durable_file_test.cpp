#include "client/durable_file.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "client/failure.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::durable_file_test {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

mode_t mode_of(const fs::path& path) {
    struct stat status{};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
}

std::size_t entries_in(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(DurableFile, WritesWithExactlyTheModeAskedFor) {
    const TemporaryFolder folder;
    const auto old_mask = ::umask(0777);
    write_durably(folder / "key", "secret", FileAccess::owner);
    write_durably(folder / "answer", "public", FileAccess::everyone);
    ::umask(old_mask);
    EXPECT_EQ(mode_of(folder / "key"), 0600U);
    EXPECT_EQ(mode_of(folder / "answer"), 0644U);
    EXPECT_EQ(read_file(folder / "key", 100), "secret");
}

TEST(DurableFile, ReplacesAndLeavesNothingElse) {
    const TemporaryFolder folder;
    write_durably(folder / "file", "first", FileAccess::owner);
    write_durably(folder / "file", "second", FileAccess::owner);
    EXPECT_EQ(read_file(folder / "file", 100), "second");
    EXPECT_EQ(entries_in(folder.path()), 1U);
}

TEST(DurableFile, ReplacesALinkAndNotWhatItPointsTo) {
    const TemporaryFolder folder;
    write_durably(folder / "elsewhere", "mine", FileAccess::owner);
    fs::create_symlink("elsewhere", folder / "file");
    write_durably(folder / "file", "new", FileAccess::owner);
    EXPECT_EQ(read_file(folder / "elsewhere", 100), "mine");
    EXPECT_FALSE(fs::is_symlink(folder / "file"));
}

TEST(DurableFile, FailsWithTheReason) {
    const TemporaryFolder folder;
    try {
        write_durably(folder / "no" / "such" / "folder", "x", FileAccess::owner);
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.came_back(), "No such file or directory");
    }
}

TEST(DurableFile, SwitchesLinks) {
    const TemporaryFolder folder;
    link_durably(folder / "link", "one");
    link_durably(folder / "link", "two");
    EXPECT_EQ(fs::read_symlink(folder / "link"), "two");
    EXPECT_EQ(entries_in(folder.path()), 1U);
}

TEST(DurableFile, MakesPrivateDirectoriesAndLeavesOldOnesAsTheyAre) {
    const TemporaryFolder folder;
    fs::create_directory(folder / "old");
    ::chmod((folder / "old").c_str(), 0755);
    make_private_directory(folder / "old" / "a" / "b");
    make_private_directory(folder / "old" / "a" / "b");
    EXPECT_EQ(mode_of(folder / "old"), 0755U);
    EXPECT_EQ(mode_of(folder / "old" / "a"), 0700U);
    EXPECT_EQ(mode_of(folder / "old" / "a" / "b"), 0700U);
}

TEST(DurableFile, ReadsNoMoreThanTheLimit) {
    const TemporaryFolder folder;
    write_durably(folder / "file", std::string(100, 'x'), FileAccess::owner);
    EXPECT_TRUE(read_file(folder / "file", 100));
    EXPECT_FALSE(read_file(folder / "file", 99));
    EXPECT_FALSE(read_file(folder / "none", 99));
}

}  // namespace
}  // namespace cairn::client::durable_file_test
