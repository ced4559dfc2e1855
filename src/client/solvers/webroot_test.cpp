#include "client/solvers/webroot.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/testing/challenge.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
using protocol::ChallengeType;

class Webroot : public ::testing::Test {
  protected:
    mode_t mode_of(const fs::path& path) {
        struct stat status{};
        EXPECT_EQ(::stat(path.c_str(), &status), 0);
        return status.st_mode & 0777U;
    }
    testing::TemporaryFolder folder_;
    base::SystemClock clock_;
    InstantTimer timer_;
    testing::Heard heard_;
    std::unique_ptr<Solver> solver_ =
        make_webroot_solver(folder_.path().string(), {clock_, timer_, heard_}).value();
    fs::path answers_ = folder_ / ".well-known" / "acme-challenge";
};

TEST_F(Webroot, PutsAFileWhereTheWebServerFindsIt) {
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    const auto old_mask = ::umask(0077);
    solver_->present(challenge);
    ::umask(old_mask);
    const auto file = answers_ / challenge.token.text();
    EXPECT_EQ(read_file(file, 1000), challenge.key_authorization);
    EXPECT_EQ(mode_of(file), 0644U);
    EXPECT_EQ(mode_of(answers_), 0755U);
    EXPECT_EQ(mode_of(folder_ / ".well-known"), 0755U);
}

TEST_F(Webroot, RemovesItAgainHoweverOften) {
    const auto first = testing::challenge(ChallengeType::http_01, "a.example", 'a');
    const auto second = testing::challenge(ChallengeType::http_01, "a.example", 'b');
    solver_->clean_up(first);  // never presented
    solver_->present(first);
    solver_->present(second);
    solver_->clean_up(first);
    solver_->clean_up(first);
    EXPECT_FALSE(fs::exists(answers_ / first.token.text()));
    EXPECT_TRUE(fs::exists(answers_ / second.token.text()));
    solver_->clean_up(second);
    EXPECT_TRUE(fs::is_empty(answers_));
}

TEST_F(Webroot, LeavesTheModeOfFoldersThatWereThere) {
    fs::create_directories(answers_);
    fs::permissions(answers_, fs::perms::owner_all);
    solver_->present(testing::challenge(ChallengeType::http_01, "a.example"));
    EXPECT_EQ(mode_of(answers_), 0700U);
}

TEST_F(Webroot, ReportsAFolderThatCannotBeMade) {
    write_durably(folder_ / ".well-known", "a file", FileAccess::owner);
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    EXPECT_THROW(solver_->present(challenge), Failure);
    EXPECT_NO_THROW(solver_->clean_up(challenge));
}

}  // namespace
}  // namespace cairn::client
