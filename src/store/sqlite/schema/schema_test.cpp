#include "store/sqlite/schema/schema.h"

#include <array>
#include <fstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "store/testing/temporary_folder.h"

namespace cairn::store::schema_test {
namespace {

constexpr std::array scripts = {
    "CREATE TABLE first (i INTEGER); INSERT INTO first VALUES (1);",
    "CREATE TABLE second (i INTEGER); INSERT INTO second SELECT i FROM first;",
};

class Schema : public ::testing::Test {
  protected:
    std::string refusal(std::span<const char* const> steps) {
        try {
            migrate(connection, steps);
            return "";
        } catch (const std::exception& error) {
            return error.what();
        }
    }
    bool has_table(std::string_view name) {
        return connection.exists("SELECT 1 FROM sqlite_schema WHERE name = ?", name);
    }

    testing::TemporaryFolder folder;
    Connection connection = [&] {
        const auto file = folder.file("database");
        std::ofstream{file};
        return Connection(file, Connection::Access::write);
    }();
};

TEST_F(Schema, LeadsAnEmptyDatabaseThroughAllVersions) {
    EXPECT_EQ(refusal(scripts), "");
    EXPECT_TRUE(connection.exists("SELECT 1 FROM second WHERE i = 1"));
    EXPECT_EQ(refusal(scripts), "") << "nothing is left to do";
}

TEST_F(Schema, LeadsAnOlderVersionForward) {
    EXPECT_EQ(refusal(std::span(scripts).first(1)), "");
    connection.run("INSERT INTO first VALUES (2)");
    EXPECT_EQ(refusal(scripts), "");
    EXPECT_TRUE(connection.exists("SELECT 1 FROM second WHERE i = 2"));
}

TEST_F(Schema, RefusesANewerVersion) {
    EXPECT_EQ(refusal(scripts), "");
    EXPECT_EQ(refusal(std::span(scripts).first(1)),
              "its schema is version 2, made by a newer cairn-ca; this one knows 1");
}

TEST_F(Schema, RefusesTheDatabaseOfAnotherProgram) {
    connection.run("CREATE TABLE songs (title TEXT)");
    EXPECT_EQ(refusal(scripts), "it is the database of another program");
    EXPECT_FALSE(has_table("first"));
}

TEST_F(Schema, TakesEachStepWholeOrNotAtAll) {
    const std::array broken = {scripts[0], "CREATE TABLE second (i INTEGER); NO SQL;"};
    EXPECT_NE(refusal(broken), "");
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_TRUE(has_table("first"));
    EXPECT_FALSE(has_table("second"));
    EXPECT_EQ(refusal(scripts), "");
    EXPECT_TRUE(has_table("second"));
}

// A CA of a version that kept no time has its objects, and whatever the clock says, they say more.
TEST_F(Schema, TellsTheTimeByWhatAFormerVersionKept) {
    EXPECT_EQ(refusal(migrations().first(2)), "");
    connection.run(
        "INSERT INTO orders (id, account, created, expires, identifiers, authorizations, profile)"
        " VALUES (x'01', x'02', 1700000000, 2, '', x'', '');"
        "INSERT INTO certificates (serial, der, issuer, key, not_after, issued)"
        " VALUES (x'01', x'', x'', x'', 1, 1700000001)");
    EXPECT_EQ(refusal(migrations()), "");
    EXPECT_TRUE(connection.exists("SELECT 1 FROM clock WHERE believed = 1702592001"));
}

TEST_F(Schema, HasScriptsThatRun) {
    EXPECT_EQ(refusal(migrations().first(1)), "");
    connection.run(
        "INSERT INTO orders (id, account, created, expires, identifiers, authorizations, profile)"
        " VALUES (x'01', x'02', 1, 2, '', x'', '')");
    EXPECT_EQ(refusal(migrations()), "");
    EXPECT_TRUE(connection.exists("SELECT 1 FROM orders WHERE id = x'01' AND request IS NULL"));
    EXPECT_TRUE(connection.exists("SELECT 1 FROM clock"));
}

}  // namespace
}  // namespace cairn::store::schema_test
