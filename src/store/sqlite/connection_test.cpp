#include "store/sqlite/connection.h"

#include <fstream>
#include <limits>

#include <gtest/gtest.h>

#include "ca/ports/repository.h"
#include "store/testing/temporary_folder.h"

namespace cairn::store::connection_test {
namespace {

class SqliteConnection : public ::testing::Test {
  protected:
    Connection open(Connection::Access access) { return Connection(path, access); }

    testing::TemporaryFolder folder;
    const std::string path = [&] {
        const auto file = folder.file("database");
        std::ofstream{file};
        return file;
    }();
    Connection connection = open(Connection::Access::write);
};

TEST_F(SqliteConnection, TakesColumnsFromLeftToRight) {
    const auto taken = connection.find(
        "SELECT 7, NULL, 'text', x'00ff', 1800000000, NULL, NULL, NULL, 'more'", [](Columns& row) {
            EXPECT_EQ(row.integer(), 7);
            EXPECT_FALSE(row.optional_time());
            EXPECT_EQ(row.text(), "text");
            EXPECT_EQ(base::to_hex(row.blob()), "00ff");
            EXPECT_EQ(row.time(), base::Time(base::Seconds(1800000000)));
            EXPECT_FALSE(row.optional_blob());
            EXPECT_FALSE(row.optional_text());
            EXPECT_FALSE(row.optional_integer());
            return std::string(row.optional_text().value());
        });
    EXPECT_EQ(taken, "more");
}

TEST_F(SqliteConnection, BindsWhatItGivesBack) {
    connection.run("CREATE TABLE t (i INTEGER, b BLOB, s TEXT, n TEXT)");
    const base::Bytes blob{0, 255, 0};
    const auto least = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(connection.execute("INSERT INTO t VALUES (?, ?, ?, ?)", least, blob,
                                 std::string_view("a\0b", 3), std::optional<std::string>()),
              1);
    EXPECT_TRUE(connection.exists("SELECT 1 FROM t WHERE n IS NULL"));
    connection.find("SELECT i, b, s FROM t", [&](Columns& row) {
        EXPECT_EQ(row.integer(), least);
        EXPECT_EQ(base::copy_of(row.blob()), blob);
        EXPECT_EQ(row.text(), std::string_view("a\0b", 3));
        return 0;
    });
}

TEST_F(SqliteConnection, KeepsAnEmptyValueApartFromNone) {
    connection.run("CREATE TABLE t (b BLOB NOT NULL, s TEXT NOT NULL)");
    connection.execute("INSERT INTO t VALUES (?, ?)", base::BytesView(), std::string_view());
    EXPECT_TRUE(connection.exists("SELECT 1 FROM t WHERE b = x'' AND s = ''"));
}

TEST_F(SqliteConnection, ListsRowsAndCountsChanges) {
    connection.run("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1), (2), (3)");
    const auto integer = [](Columns& row) { return row.integer(); };
    EXPECT_EQ(connection.execute("UPDATE t SET i = i * 10 WHERE i > ?", std::int64_t{1}), 2);
    EXPECT_EQ(connection.list("SELECT i FROM t ORDER BY i", integer),
              (std::vector<std::int64_t>{1, 20, 30}));
    EXPECT_FALSE(connection.find("SELECT i FROM t WHERE i = ?", integer, std::int64_t{2}));
    EXPECT_FALSE(connection.exists("SELECT 1 FROM t WHERE i = ?", std::int64_t{2}));
}

TEST_F(SqliteConnection, SaysWhichStatementFailedAndWhy) {
    connection.run("CREATE TABLE t (i INTEGER UNIQUE); INSERT INTO t VALUES (1)");
    try {
        connection.execute("INSERT INTO t VALUES (1)");
        FAIL() << "the constraint was not enforced";
    } catch (const SqliteError& error) {
        EXPECT_STREQ(error.what(), "INSERT INTO t VALUES (1): UNIQUE constraint failed: t.i");
    }
    EXPECT_THROW(connection.execute("NO SQL"), SqliteError);
    EXPECT_EQ(connection.execute("INSERT INTO t VALUES (2)"), 1);
}

TEST_F(SqliteConnection, KeepsFailuresApartThatMayPass) {
    connection.run("CREATE TABLE t (b BLOB); PRAGMA max_page_count = 10");
    EXPECT_THROW(connection.execute("INSERT INTO t VALUES (zeroblob(1000000))"),
                 ca::StoreUnavailable);
    EXPECT_THROW(Connection(folder.file("missing"), Connection::Access::write),
                 ca::StoreUnavailable);
    auto reader = open(Connection::Access::read);
    EXPECT_THROW(reader.execute("DELETE FROM t"), ca::StoreUnavailable);
}

TEST_F(SqliteConnection, ReadsOneMomentWhileASnapshotLives) {
    connection.run("PRAGMA journal_mode = WAL; CREATE TABLE t (i INTEGER)");
    auto reader = open(Connection::Access::read);
    {
        const Snapshot snapshot(reader);
        EXPECT_FALSE(reader.exists("SELECT 1 FROM t"));
        connection.execute("INSERT INTO t VALUES (1)");
        EXPECT_FALSE(reader.exists("SELECT 1 FROM t"));
    }
    EXPECT_TRUE(reader.exists("SELECT 1 FROM t"));
}

TEST_F(SqliteConnection, MovesTheLogOnceNoReaderNeedsIt) {
    connection.run("PRAGMA journal_mode = WAL; CREATE TABLE t (i INTEGER)");
    auto reader = open(Connection::Access::read);
    {
        const Snapshot snapshot(reader);
        EXPECT_FALSE(reader.exists("SELECT 1 FROM t"));
        connection.execute("INSERT INTO t VALUES (1)");
        EXPECT_GT(connection.log_pages(), 0);
        EXPECT_FALSE(connection.end_log());
    }
    EXPECT_TRUE(connection.end_log());
    const auto before = connection.log_pages();
    connection.execute("INSERT INTO t VALUES (2)");
    EXPECT_EQ(before, 0);
    EXPECT_LT(connection.log_pages(), 3);
}

}  // namespace
}  // namespace cairn::store::connection_test
