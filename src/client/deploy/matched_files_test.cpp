#include "client/deploy/matched_files.h"

#include <filesystem>
#include <fstream>

#include <boost/json/object.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::matched_files_test {
namespace {

namespace fs = std::filesystem;

class MatchedFilesTest : public ::testing::Test {
  protected:
    std::vector<DeployFile> files(std::string_view text) const {
        const auto contents = [&](std::string_view what) {
            const auto whole = std::string(what) + std::string(text);
            return base::SecretBytes(whole.begin(), whole.end());
        };
        return {{.path = certificate_,
                 .contents = contents("cert "),
                 .holds = DeployFile::Holds::certificate},
                {.path = key_, .contents = contents("key "), .holds = DeployFile::Holds::key}};
    }
    void write(const fs::path& path, std::string_view text) const {
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    std::string seen() const {
        return read_file(certificate_, 100).value_or("none") + ", " +
               read_file(key_, 100).value_or("none");
    }
    /// A record that was kept, read again.
    static MatchedFiles again(const MatchedFiles& files) {
        return MatchedFiles::from_record(files.record()).value();
    }

    testing::TemporaryFolder folder_;
    fs::path certificate_ = folder_ / "site.pem", key_ = folder_ / "private" / "site.key";
};

TEST_F(MatchedFilesTest, StandAndAreTakenBackWhereNothingStood) {
    const MatchedFiles first(files("1"));
    first.put_in_place();
    EXPECT_EQ(seen(), "cert 1, key 1");
    EXPECT_TRUE(fs::is_symlink(key_));
    again(first).take_back();
    EXPECT_EQ(seen(), "none, none");
    again(first).take_back();
    EXPECT_FALSE(fs::exists(folder_ / ".site.pem.cairn"));
}

TEST_F(MatchedFilesTest, OrdinaryFilesBecomeLinksAndOrdinaryFilesAgain) {
    write(certificate_, "cert 0");
    write(key_, "key 0");
    fs::permissions(key_, fs::perms::owner_read | fs::perms::group_read);
    const MatchedFiles first(files("1"));
    first.put_in_place();
    EXPECT_EQ(seen(), "cert 1, key 1");
    // The rights are as they were.
    EXPECT_EQ(fs::status(key_).permissions(), fs::perms::owner_read | fs::perms::group_read);
    again(first).take_back();
    EXPECT_EQ(seen(), "cert 0, key 0");
    EXPECT_FALSE(fs::is_symlink(key_));
    EXPECT_FALSE(fs::exists(folder_ / ".site.pem.cairn"));
}

TEST_F(MatchedFilesTest, LinksOfOthersAreNotWrittenThrough) {
    write(folder_ / "other.pem", "cert 0");
    write(folder_ / "other.key", "key 0");
    fs::create_directories(key_.parent_path());
    fs::create_symlink("other.pem", certificate_);
    fs::create_symlink("../other.key", key_);
    const MatchedFiles first(files("1"));
    first.put_in_place();
    EXPECT_EQ(seen(), "cert 1, key 1");
    EXPECT_EQ(read_file(folder_ / "other.pem", 100).value(), "cert 0");
    again(first).take_back();
    EXPECT_EQ(fs::read_symlink(key_), "../other.key");
    EXPECT_EQ(seen(), "cert 0, key 0");
}

TEST_F(MatchedFilesTest, ASecondSetTakesThePlaceOfTheFirst) {
    MatchedFiles(files("1")).put_in_place();
    const MatchedFiles second(files("2"));
    EXPECT_TRUE(second.is_change());
    second.put_in_place();
    EXPECT_EQ(seen(), "cert 2, key 2");
    again(second).take_back();
    EXPECT_EQ(seen(), "cert 1, key 1");
    const MatchedFiles third(files("3"));
    third.put_in_place();
    again(third).tidy();
    EXPECT_EQ(file_names_in(folder_ / ".site.pem.cairn").size(), 2U);
    EXPECT_FALSE(MatchedFiles(files("3")).is_change());
}

TEST_F(MatchedFilesTest, ALinkThatSomebodyReplacedIsTakenUpAgain) {
    MatchedFiles(files("1")).put_in_place();
    fs::remove(key_);
    write(key_, "key by hand");
    const MatchedFiles second(files("2"));
    second.put_in_place();
    EXPECT_EQ(seen(), "cert 2, key 2");
    again(second).take_back();
    EXPECT_EQ(seen(), "cert 1, key by hand");
    EXPECT_FALSE(fs::is_symlink(key_));
}

TEST_F(MatchedFilesTest, ARecordOfAnotherFormIsRefused) {
    EXPECT_FALSE(MatchedFiles::from_record({}));
    EXPECT_FALSE(MatchedFiles::from_record({{"store", "relative"}, {"new", "1"}}));
    EXPECT_FALSE(MatchedFiles::from_record({{"store", "/x"}, {"new", "../1"}}));
}

}  // namespace
}  // namespace cairn::client::matched_files_test
