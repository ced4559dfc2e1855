#include "store/sqlite/checkpointer.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "store/testing/temporary_folder.h"

namespace cairn::store::checkpointer_test {
namespace {

using namespace std::chrono_literals;

class CheckpointerTest : public ::testing::Test {
  protected:
    /// A hundred pages of log.
    void write_some() { writer.execute("INSERT INTO t VALUES (zeroblob(100000))"); }
    /// Writes until the log had better be ended. False if that does not come.
    bool write_until_due() {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (std::chrono::steady_clock::now() < deadline) {
            write_some();
            if (checkpointer->log_has(writer.log_pages())) return true;
            // Long enough: now it is up to the disk.
            if (writer.log_pages() > 50'000) std::this_thread::sleep_for(5ms);
        }
        return false;
    }

    testing::TemporaryFolder folder;
    const std::string path = [&] {
        const auto file = folder.file("database");
        std::ofstream{file};
        Connection(file, Connection::Access::write)
            .run("PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; CREATE TABLE t (b BLOB)");
        return file;
    }();
    std::unique_ptr<base::Log> log = base::silent_log();
    Connection writer = [&] {
        Connection connection(path, Connection::Access::write);
        connection.run("PRAGMA synchronous = OFF");
        return connection;
    }();
    std::optional<Checkpointer> checkpointer{std::in_place,
                                             Connection(path, Connection::Access::write), *log};
};

TEST_F(CheckpointerTest, MovesTheLogWhileTheWriterWrites) {
    ASSERT_TRUE(write_until_due());
    // Most of it was moved by then, though this writer, which syncs nothing, is a quick one.
    EXPECT_GT(std::filesystem::file_size(path), 16'000'000U);
    EXPECT_TRUE(writer.end_log());
    EXPECT_EQ(writer.log_pages(), 0);
    checkpointer->log_was_ended(true);
    write_some();
    EXPECT_LT(writer.log_pages(), 200);
    ASSERT_TRUE(write_until_due()) << "and so on, log after log";
}

TEST_F(CheckpointerTest, WaitsForAReaderThatNeedsTheLog) {
    write_some();
    Connection reader(path, Connection::Access::read);
    std::int64_t rows = 0;
    const auto count = [&] {
        rows = reader.find("SELECT count(*) FROM t", [](Columns& row) { return row.integer(); })
                   .value();
    };
    {
        const Snapshot snapshot(reader);
        count();
        for (int i = 0; i < 1000; ++i) {
            write_some();
            ASSERT_FALSE(checkpointer->log_has(writer.log_pages()));
        }
        EXPECT_GT(writer.log_pages(), 100'000) << "nothing of it could go";
        count();
        EXPECT_EQ(rows, 1) << "the reader still sees what it saw";
    }
    ASSERT_TRUE(write_until_due());
    EXPECT_TRUE(writer.end_log());
    count();
    EXPECT_GT(rows, 1001);
}

TEST_F(CheckpointerTest, EndsInTheMiddleOfTheWork) {
    while (writer.log_pages() < 9'000) write_some();
    EXPECT_FALSE(checkpointer->log_has(writer.log_pages()));
    checkpointer.reset();
    write_some();
    EXPECT_TRUE(writer.end_log());
}

}  // namespace
}  // namespace cairn::store::checkpointer_test
