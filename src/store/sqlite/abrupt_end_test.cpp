#include "store/sqlite/abrupt_end.h"

#include <atomic>
#include <cerrno>
#include <fstream>

#include <sys/syscall.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ca/ports/repository.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/group_commit.h"
#include "store/testing/await.h"
#include "store/testing/temporary_folder.h"

namespace {

/// SQLite's calls of fdatasync in this program fail.
std::atomic<bool> disk_fails = false;

}  // namespace

// Found before the C library's.
extern "C" int fdatasync(int file) {
    if (!disk_fails) return static_cast<int>(syscall(SYS_fdatasync, file));
    errno = EIO;
    return -1;
}

namespace cairn::store::abrupt_end_test {
namespace {

using testing::await;

class AbruptEnd : public ::testing::Test {
  protected:
    AbruptEnd() {
        // The threads of a parent would be missing in a child.
        GTEST_FLAG_SET(death_test_style, "threadsafe");
        std::ofstream{path};
        Connection(path, Connection::Access::write)
            .run("PRAGMA journal_mode = WAL; CREATE TABLE t (i INTEGER)");
    }
    [[nodiscard]] Connection connection() const {
        Connection opened(path, Connection::Access::write);
        opened.run("PRAGMA synchronous = FULL");
        return opened;
    }

    testing::TemporaryFolder folder;
    const std::string path = folder.file("database");
    std::unique_ptr<base::Log> log = base::silent_log();
};

constexpr const char* said = "what is on the disk is not known: .*disk I/O error";

TEST_F(AbruptEnd, FollowsACommitThatCannotBeSynced) {
    const auto change = [&] {
        GroupCommit writer(connection(), connection(), 10, *log);
        disk_fails = true;
        await(writer.run([](Connection& to) { to.execute("INSERT INTO t (i) VALUES (1)"); }));
    };
    EXPECT_EXIT(change(), ::testing::ExitedWithCode(abrupt_end_code), said);
}

// The move is not tried again: the kernel forgets at a failed sync what it could not write.
TEST_F(AbruptEnd, FollowsALogThatCannotBeMoved) {
    const auto move = [&] {
        auto writer = connection();
        writer.execute("INSERT INTO t (i) VALUES (1)");
        Checkpointer checkpointer(connection(), *log);
        disk_fails = true;
        EXPECT_FALSE(checkpointer.log_has(100'000));
        for (;;) ::pause();
    };
    EXPECT_EXIT(move(), ::testing::ExitedWithCode(abrupt_end_code), said);
}

TEST_F(AbruptEnd, IsNotForADiskThatIsFull) {
    auto writer = connection();
    writer.run("PRAGMA max_page_count = 3");
    writer.execute("BEGIN IMMEDIATE");
    EXPECT_THROW(writer.execute("INSERT INTO t SELECT zeroblob(100000)"), ca::StoreUnavailable);
}

}  // namespace
}  // namespace cairn::store::abrupt_end_test
