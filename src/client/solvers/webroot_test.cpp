#include "client/solvers/webroot.h"

#include <atomic>
#include <thread>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/testing/challenge.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::webroot_test {
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
    EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Webroot, RemovesTheFoldersOfARunThatDied) {
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    const auto later = testing::challenge(ChallengeType::http_01, "b.example", 'b');
    const auto folders = solver_->folders_to_make();
    EXPECT_EQ(folders, (std::vector<std::string>{".well-known", "acme-challenge"}));
    solver_->present(challenge);
    EXPECT_EQ(solver_->folders_to_make(), folders) << "they are its own still";
    solver_->present(later);
    // Another run.
    solver_ = make_webroot_solver(folder_.path().string(), {clock_, timer_, heard_}).value();
    EXPECT_TRUE(solver_->folders_to_make().empty());
    solver_->clean_up(later);
    EXPECT_TRUE(fs::exists(answers_));
    solver_->adopt_folders(folders);
    solver_->clean_up(challenge);
    EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Webroot, LeavesTheFoldersOfOthersThoughItsRunDied) {
    fs::create_directory(folder_ / ".well-known");
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    const auto folders = solver_->folders_to_make();
    EXPECT_EQ(folders, std::vector<std::string>{"acme-challenge"});
    solver_->present(challenge);
    solver_ = make_webroot_solver(folder_.path().string(), {clock_, timer_, heard_}).value();
    solver_->adopt_folders(folders);
    solver_->adopt_folders({"..", "/etc", "unheard-of"});
    solver_->clean_up(challenge);
    EXPECT_TRUE(fs::is_empty(folder_ / ".well-known"));
}

TEST_F(Webroot, KeepsFoldersThatWereThere) {
    fs::create_directories(answers_);
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    solver_->present(challenge);
    solver_->clean_up(challenge);
    EXPECT_TRUE(fs::is_empty(answers_));
}

TEST_F(Webroot, MayItselfBeALink) {
    fs::create_directory_symlink(folder_.path(), folder_ / "link");
    solver_ = make_webroot_solver((folder_ / "link").string(), {clock_, timer_, heard_}).value();
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    solver_->present(challenge);
    EXPECT_EQ(read_file(answers_ / challenge.token.text(), 1000), challenge.key_authorization);
    solver_->clean_up(challenge);
    EXPECT_FALSE(fs::exists(answers_));
}

TEST_F(Webroot, FollowsNoLinkInIt) {
    const testing::TemporaryFolder elsewhere;
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    const auto failure = [&] {
        try {
            solver_->present(challenge);
        } catch (const Failure& caught) {
            return std::string(caught.what());
        }
        return std::string("no failure");
    };
    fs::create_directory_symlink(elsewhere.path(), folder_ / ".well-known");
    EXPECT_NE(failure().find("nothing in a webroot is followed"), std::string::npos) << failure();
    fs::remove(folder_ / ".well-known");
    fs::create_directory(folder_ / ".well-known");
    fs::create_directory_symlink(elsewhere.path(), answers_);
    EXPECT_NE(failure().find("nothing in a webroot is followed"), std::string::npos) << failure();
    EXPECT_NO_THROW(solver_->clean_up(challenge));
    EXPECT_TRUE(fs::is_empty(elsewhere.path()));
}

TEST_F(Webroot, ReplacesALinkWithTheNameOfTheAnswer) {
    const testing::TemporaryFolder elsewhere;
    write_durably(elsewhere / "shadow", "secret", FileAccess::owner);
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    fs::create_directories(answers_);
    fs::create_symlink(elsewhere / "shadow", answers_ / challenge.token.text());
    solver_->present(challenge);
    EXPECT_EQ(read_file(elsewhere / "shadow", 100), "secret");
    EXPECT_EQ(mode_of(elsewhere / "shadow"), 0600U);
    EXPECT_EQ(read_file(answers_ / challenge.token.text(), 1000), challenge.key_authorization);
}

// A web server's user who swaps links and folders in at any moment, while answers are put up.
TEST_F(Webroot, LosesNothingToWhoeverMayWriteInIt) {
    const testing::TemporaryFolder elsewhere;
    write_durably(elsewhere / "shadow", "secret", FileAccess::owner);
    fs::create_directory(elsewhere / "private");
    write_durably(elsewhere / "private" / "file", "secret", FileAccess::owner);
    fs::permissions(elsewhere / "private", fs::perms::owner_all);
    std::atomic<bool> is_over = false;
    std::thread attacker([&] {
        const fs::path targets[] = {elsewhere / "private", elsewhere / "shadow", "/nowhere"};
        for (std::size_t i = 0; !is_over; ++i) {
            std::error_code ignored;
            const auto place = i % 2 == 0 ? folder_ / ".well-known" : answers_;
            fs::remove_all(place, ignored);
            fs::create_symlink(targets[i % 3], place, ignored);
            fs::remove(place, ignored);
        }
    });
    const auto old_mask = ::umask(0077);  // so that folders need another mode
    for (int i = 0; i < 300; ++i) {
        const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
        try {
            solver_->present(challenge);
        } catch (const Failure&) {
        }
        try {
            solver_->clean_up(challenge);
        } catch (const Failure&) {
        }
    }
    ::umask(old_mask);
    is_over = true;
    attacker.join();
    EXPECT_EQ(mode_of(elsewhere / "private"), 0700U);
    EXPECT_EQ(mode_of(elsewhere / "shadow"), 0600U);
    EXPECT_EQ(read_file(elsewhere / "shadow", 100), "secret");
    EXPECT_EQ(std::distance(fs::directory_iterator(elsewhere / "private"), {}), 1);
    EXPECT_EQ(std::distance(fs::directory_iterator(elsewhere.path()), {}), 2);
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
}  // namespace cairn::client::webroot_test
