#include "client/leftovers.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::leftovers_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::TemporaryFolder;

/// The number of a process that has ended.
pid_t gone() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
}

TEST(Leftovers, GoWhenTheirProcessIsGone) {
    const TemporaryFolder folder;
    const auto key = folder / fmt::format(".privkey2.pem.{}", gone());
    write_durably(key, "half a key", FileAccess::owner);
    const auto link = folder / fmt::format(".current.{}", gone());
    fs::create_symlink("nowhere", link);
    fs::create_directories(folder / ".2.new" / "inner");
    remove_leftovers(folder.path(), 0s);
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Leftovers, AreNotWhatSomebodyIsAtWorkOn) {
    const TemporaryFolder folder;
    const auto mine = fmt::format(".facts.json.{}", ::getpid());
    const auto others = fmt::format(".facts.json.{}", ::getppid());
    for (const auto& name : {mine, others, std::string("privkey1.pem"), std::string(".hidden"),
                             std::string(".a.0"), std::string(".a.99999999999999999999")})
        write_durably(folder / name, "x", FileAccess::owner);
    fs::create_directory(folder / "2.new");
    remove_leftovers(folder.path(), 0s);
    EXPECT_EQ(file_names_in(folder.path()).size(), 7U);
}

TEST(Leftovers, AreLeftForAWhileWhereOthersMayBeAtWork) {
    const TemporaryFolder folder;
    const StateDirectory state(folder.path());
    make_private_directory(folder / "facts");
    const auto file = folder / "facts" / fmt::format(".a.example.json.{}", gone());
    write_durably(file, "a key", FileAccess::owner);
    remove_leftovers(state);
    EXPECT_TRUE(fs::exists(file));
    fs::last_write_time(file, fs::file_time_type::clock::now() - 2h);
    remove_leftovers(state);
    EXPECT_FALSE(fs::exists(file));
}

TEST(Leftovers, OfNoFolderAreNone) {
    const TemporaryFolder folder;
    EXPECT_NO_THROW(remove_leftovers(folder / "nowhere", 0s));
}

}  // namespace
}  // namespace cairn::client::leftovers_test
