#include "store/sqlite/server_lock.h"

#include <csignal>
#include <optional>
#include <stdexcept>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "store/testing/temporary_folder.h"

namespace cairn::store::server_lock_test {
namespace {

std::string refusal(const std::string& path) {
    try {
        const ServerLock lock(path);
        return "";
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

TEST(ServerLock, IsHeldOnce) {
    const testing::TemporaryFolder folder;
    const auto path = folder.file("database");
    std::optional<ServerLock> lock(path);
    EXPECT_EQ(refusal(path), path + ": is in use by process " + std::to_string(getpid()));
    EXPECT_EQ(refusal(folder.file("other")), "");
    lock.reset();
    EXPECT_EQ(refusal(path), "");
}

TEST(ServerLock, GoesWithItsProcess) {
    const testing::TemporaryFolder folder;
    const auto path = folder.file("database");
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
        const ServerLock lock(path);
        if (write(pipe[1], "", 1) == 1) pause();
        _exit(1);
    }
    char locked = 1;
    ASSERT_EQ(read(pipe[0], &locked, 1), 1);
    EXPECT_THAT(refusal(path), ::testing::EndsWith("process " + std::to_string(child)));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_EQ(refusal(path), "");
    close(pipe[0]);
    close(pipe[1]);
}

TEST(ServerLock, KeepsItsFileToTheOwner) {
    const testing::TemporaryFolder folder;
    const ServerLock lock(folder.file("database"));
    struct stat facts{};
    ASSERT_EQ(stat(folder.file("database.lock").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST(ServerLock, SaysWhichFileCannotBeOpened) {
    const testing::TemporaryFolder folder;
    const auto path = folder.file("missing/database");
    EXPECT_EQ(refusal(path), path + ".lock: cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace cairn::store::server_lock_test
