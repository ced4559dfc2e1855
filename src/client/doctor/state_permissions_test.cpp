#include "client/doctor/state_permissions.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/temporary_folder.h"

namespace cairn::client::doctor::state_permissions_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class StatePermissions : public ::testing::Test {
  protected:
    StatePermissions() {
        fs::create_directories(state / "accounts" / "ca.example" / "directory");
        fs::create_directories(state / "archive" / "a.example");
        for (const auto& key : {account_key, certificate_key}) {
            std::ofstream(key) << "key";
            ::chmod(key.c_str(), 0600);
        }
    }
    Findings look() const { return look_at_permissions(state); }

    client::testing::TemporaryFolder folder;
    fs::path state = folder / "state";
    fs::path account_key = state / "accounts" / "ca.example" / "directory" / "key.pem";
    fs::path certificate_key = state / "archive" / "a.example" / "privkey1.pem";
};

TEST_F(StatePermissions, AreInOrderIfTheOwnerAloneReadsKeys) {
    std::ofstream(state / "archive" / "a.example" / "fullchain1.pem") << "public";
    ASSERT_EQ(look().size(), 1U);
    EXPECT_EQ(look().front().severity, Severity::ok) << look().front().came_back;
    EXPECT_EQ(look_at_permissions(folder / "none").front().severity, Severity::ok);
}

TEST_F(StatePermissions, NameTheKeysThatOthersRead) {
    ::chmod(account_key.c_str(), 0640);
    ::chmod(certificate_key.c_str(), 0604);
    const auto findings = look();
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].severity, Severity::warning);
    EXPECT_THAT(findings[0].subject, HasSubstr("key.pem"));
    EXPECT_EQ(findings[1].severity, Severity::problem);
    EXPECT_THAT(findings[1].came_back, HasSubstr("0604: everybody"));
}

TEST_F(StatePermissions, AreWrongWhereEverybodyWrites) {
    ::chmod(state.c_str(), 0777);
    EXPECT_EQ(look().front().severity, Severity::problem);
    EXPECT_EQ(look_at_permissions(account_key).front().severity, Severity::problem)
        << "a file in the place of the state";
}

}  // namespace
}  // namespace cairn::client::doctor::state_permissions_test
