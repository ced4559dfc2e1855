#include "client/deploy/file_edits.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::file_edits_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FileEditsTest : public ::testing::Test {
  protected:
    fs::path put(const fs::path& name, std::string_view text, mode_t mode = 0644) {
        const auto path = folder_ / name;
        fs::create_directories(path.parent_path());
        write_durably(path, text, FileAccess::everyone);
        ::chmod(path.c_str(), mode);
        return path;
    }
    static std::string text_of(const fs::path& path) { return read_file(path, 1000).value_or(""); }
    std::vector<std::string> names() const { return file_names_in(folder_.path()); }
    static std::string failure_of(const std::function<void()>& work) {
        try {
            work();
        } catch (const Failure& failure) {
            return failure.what();
        }
        return "";
    }

    testing::TemporaryFolder folder_;
    fs::path journal_ = folder_ / "state" / "edits" / "nginx.json";
    FileEdits edits_{journal_};
};

TEST_F(FileEditsTest, ChangesFilesMakesNewOnesAndRemovesOthers) {
    const auto a = put("a.conf", "old\r\n", 0640);
    const auto b = put("b.conf", "gone\n");
    const auto c = folder_ / "c.conf";
    edits_.apply(std::vector<FileEdit>{
        {a, "old\r\n", "new\r\n"}, {b, "gone\n", std::nullopt}, {c, std::nullopt, "made\n"}});
    EXPECT_EQ(text_of(a), "new\r\n");
    EXPECT_FALSE(fs::exists(b));
    EXPECT_EQ(text_of(c), "made\n");
    struct stat status{};
    ASSERT_EQ(::stat(a.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
    ASSERT_EQ(edits_.recorded()->size(), 3U);

    edits_.undo();
    EXPECT_EQ(text_of(a), "old\r\n");
    EXPECT_EQ(text_of(b), "gone\n");
    EXPECT_FALSE(fs::exists(c));
    EXPECT_FALSE(edits_.is_recorded());
    ASSERT_EQ(::stat(a.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
    edits_.undo();
}

TEST_F(FileEditsTest, RefusesAFileThatHoldsSomethingElse) {
    const auto a = put("a.conf", "old\n");
    const auto b = put("b.conf", "changed\n");
    EXPECT_THAT(
        failure_of([&] {
            edits_.apply(std::vector<FileEdit>{{a, "old\n", "new\n"}, {b, "old\n", "new\n"}});
        }),
        HasSubstr("somebody else has changed it"));
    EXPECT_EQ(text_of(a), "old\n");
    EXPECT_EQ(text_of(b), "changed\n");
    EXPECT_FALSE(edits_.is_recorded());
    EXPECT_THAT(names(), ::testing::UnorderedElementsAre("a.conf", "b.conf", "state"));
}

TEST_F(FileEditsTest, LeavesWhatWasChangedAfterwards) {
    const auto a = put("a.conf", "old\n");
    const auto b = put("b.conf", "old\n");
    edits_.apply(std::vector<FileEdit>{{a, "old\n", "new\n"}, {b, "old\n", "new\n"}});
    put("a.conf", "mine\n");
    EXPECT_THAT(failure_of([&] { edits_.undo(); }),
                HasSubstr("changed " + a.string() + " after that at the same place"));
    EXPECT_EQ(text_of(a), "mine\n");
    EXPECT_EQ(text_of(b), "old\n");
    EXPECT_TRUE(edits_.is_recorded());
}

TEST_F(FileEditsTest, KeepsWhatWasChangedElsewhereInAFile) {
    const auto a = put("a.conf", "1\n2\n3\n4\n");
    edits_.apply(std::vector<FileEdit>{{a, "1\n2\n3\n4\n", "1\nnew\n2\n3\n4\n"}});
    put("a.conf", "1\nnew\n2\n3\nfour\n");
    edits_.undo();
    EXPECT_EQ(text_of(a), "1\n2\n3\nfour\n");
}

TEST_F(FileEditsTest, PutsNothingBackWhereItsChangeIsGone) {
    const auto a = put("a.conf", "1\n2\n3\n4\n");
    edits_.apply(std::vector<FileEdit>{{a, "1\n2\n3\n4\n", "1\nnew\n2\n3\n4\n"}});
    put("a.conf", "1\n2\n3\nfour\n");
    edits_.undo();
    EXPECT_EQ(text_of(a), "1\n2\n3\nfour\n");
}

TEST_F(FileEditsTest, GoesThroughLinksThatOnlyRootOrThisUserCanChange) {
    const auto file = put("sites-available/a", "old\n");
    fs::create_directories(folder_ / "sites-enabled");
    const auto link = folder_ / "sites-enabled" / "a";
    fs::create_symlink("../sites-available/a", link);
    ::chmod((folder_ / "sites-enabled").c_str(), 0755);
    edits_.apply(std::vector<FileEdit>{{link, "old\n", "new\n"}});
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(text_of(file), "new\n");
    // The record names the file itself.
    fs::remove(link);
    edits_.undo();
    EXPECT_EQ(text_of(file), "old\n");

    fs::create_symlink("../sites-available/a", link);
    ::chmod((folder_ / "sites-enabled").c_str(), 0777);
    EXPECT_THAT(failure_of([&] { edits_.apply(std::vector<FileEdit>{{link, "old\n", "new\n"}}); }),
                HasSubstr("is a link in a folder that others than root may change"));
}

TEST_F(FileEditsTest, RefusesWhatIsNoPlainFile) {
    const auto file = put("a", "old\n");
    fs::create_hard_link(file, folder_ / "b");
    EXPECT_THAT(real_file(file).error().message, HasSubstr("2 names"));
    EXPECT_THAT(real_file(folder_.path()).error().message, HasSubstr("no plain file"));
    fs::create_symlink("loop", folder_ / "loop");
    EXPECT_THAT(real_file(folder_ / "loop").error().message, HasSubstr("symbolic links"));
    EXPECT_THAT(real_file(folder_ / "none" / "x").error().message, HasSubstr("No such file"));
    EXPECT_EQ(*real_file(folder_ / "x"), folder_ / "x");
}

TEST_F(FileEditsTest, KeepsARecordToUndoLater) {
    const auto a = put("a.conf", "old\n");
    edits_.apply(std::vector<FileEdit>{{a, "old\n", "new\n"}});
    EXPECT_THAT(failure_of([&] { edits_.apply(std::vector<FileEdit>{{a, "new\n", "newer\n"}}); }),
                HasSubstr("an earlier change has not ended"));
    edits_.keep_as(folder_ / "state" / "kept.json");
    EXPECT_FALSE(edits_.is_recorded());
    FileEdits kept(folder_ / "state" / "kept.json");
    EXPECT_EQ(kept.recorded()->front().before, "old\n");
    kept.undo();
    EXPECT_EQ(text_of(a), "old\n");
}

TEST_F(FileEditsTest, PutsBackAfterAKillBetweenTwoFiles) {
    const auto a = put("a.conf", "old\n");
    const auto b = put("b.conf", "old\n");
    edits_.apply(std::vector<FileEdit>{{a, "old\n", "new\n"}, {b, "old\n", "new\n"}});
    // As it is when the run dies before it comes to the second.
    put("b.conf", "old\n");
    put(".b.conf.cairn", "ne");
    FileEdits(journal_).undo();
    EXPECT_EQ(text_of(a), "old\n");
    EXPECT_EQ(text_of(b), "old\n");
    EXPECT_FALSE(fs::exists(folder_ / ".b.conf.cairn"));
}

TEST_F(FileEditsTest, ShowsItselfAsADiff) {
    const std::vector<FileEdit> edits = {{"/a", "x\n", "y\n"}, {"/b", std::nullopt, "z\n"}};
    EXPECT_EQ(diff_of(edits),
              "--- /a\n+++ /a\n@@ -1 +1 @@\n-x\n+y\n--- /dev/null\n+++ /b\n@@ -0,0 +1 @@\n+z\n");
}

}  // namespace
}  // namespace cairn::client::file_edits_test
