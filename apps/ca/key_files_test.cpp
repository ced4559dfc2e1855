#include "apps/ca/key_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/ca/init.h"

namespace cairn::apps::key_files_test {
namespace {

namespace fs = std::filesystem;

class KeyFilesTest : public ::testing::Test {
  protected:
    KeyFilesTest() {
        std::string pattern = fs::temp_directory_path() / "cairn-keys-XXXXXX";
        folder_ = fs::path(::mkdtemp(pattern.data())) / "ca";
        const base::SystemClock clock;
        crypto::SystemRandom random;
        static_cast<void>(init({.folder = folder_}, clock, random));
        configuration_.issuers["intermediate"] = {
            "pki/intermediate.pem", "pki/intermediate-key.pem", {}};
    }
    ~KeyFilesTest() override { fs::remove_all(folder_.parent_path()); }

    // "root_key pki/root-key.pem", in order of the files.
    [[nodiscard]] std::vector<std::string> findings() const {
        std::vector<std::string> lines;
        for (const auto& finding : findings_of_keys(folder_, configuration_))
            lines.push_back(
                (finding.kind == KeyFinding::Kind::root_key ? "root_key " : "open_to_others ") +
                finding.file.lexically_relative(folder_).string());
        return lines;
    }
    using Lines = std::vector<std::string>;

    fs::path folder_;
    Configuration configuration_;
};

TEST_F(KeyFilesTest, FindsTheKeyOfTheRootUnderAnyName) {
    EXPECT_EQ(findings(), Lines{"root_key pki/root-key.pem"});
    fs::rename(folder_ / "pki/root-key.pem", folder_ / "pki/old.bak");
    EXPECT_EQ(findings(), Lines{"root_key pki/old.bak"});
    fs::rename(folder_ / "pki/old.bak", folder_ / "elsewhere.pem");
    EXPECT_EQ(findings(), Lines{});
}

TEST_F(KeyFilesTest, FindsKeysThatOthersCanRead) {
    fs::remove(folder_ / "pki/root-key.pem");
    const auto key = folder_ / "pki/intermediate-key.pem";
    const auto with_mode = [&](mode_t mode) {
        EXPECT_EQ(::chmod(key.c_str(), mode), 0);
        return findings();
    };
    const Lines found{"open_to_others pki/intermediate-key.pem"};
    EXPECT_EQ(with_mode(0644), found);
    EXPECT_EQ(with_mode(0604), found);
    EXPECT_EQ(with_mode(0602), found);
    EXPECT_EQ(with_mode(0660), found);
    EXPECT_EQ(with_mode(0600), Lines{});
    EXPECT_EQ(with_mode(0400), Lines{});
    // The group of a service that root gives its key to, but no group of an ordinary user's.
    EXPECT_EQ(with_mode(0640), ::geteuid() == 0 ? Lines{} : found);
}

TEST_F(KeyFilesTest, LooksAtTheKeysOfIssuersElsewhere) {
    fs::remove(folder_ / "pki/root-key.pem");
    fs::rename(folder_ / "pki/intermediate-key.pem", folder_ / "issuer-key.pem");
    configuration_.issuers["intermediate"].key = folder_ / "issuer-key.pem";
    ASSERT_EQ(::chmod((folder_ / "issuer-key.pem").c_str(), 0644), 0);
    EXPECT_EQ(findings(), Lines{"open_to_others issuer-key.pem"});
}

TEST_F(KeyFilesTest, HasNoOpinionOfWhatIsNoKey) {
    fs::remove_all(folder_ / "pki");
    EXPECT_EQ(findings(), Lines{});
}

}  // namespace
}  // namespace cairn::apps::key_files_test
