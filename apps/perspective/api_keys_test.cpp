#include "apps/perspective/api_keys.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::apps::api_keys_test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class ApiKeysTest : public ::testing::Test {
  protected:
    ApiKeysTest()
        : file_(fs::temp_directory_path() / ("cairn-api-keys-" + std::to_string(::getpid()))) {}
    ~ApiKeysTest() override { fs::remove(file_); }
    ApiKeysTest(const ApiKeysTest&) = delete;
    ApiKeysTest& operator=(const ApiKeysTest&) = delete;

    fs::path with(const std::string& content, fs::perms mode = fs::perms::owner_read) {
        fs::remove(file_);
        std::ofstream(file_) << content;
        fs::permissions(file_, mode);
        return file_;
    }

  private:
    const fs::path file_;
};

TEST_F(ApiKeysTest, KeysStandOnLines) {
    EXPECT_THAT(read_api_keys(with("0123456789abcdef")), ElementsAre("0123456789abcdef"));
    EXPECT_THAT(read_api_keys(with("# of the CA\r\n0123456789abcdef \r\n\r\nfedcba9876543210\n")),
                ElementsAre("0123456789abcdef", "fedcba9876543210"));
}

TEST_F(ApiKeysTest, WhatIsNoKeyIsRefused) {
    for (const std::string& content :
         {std::string(), std::string("# nothing\n"), std::string("short"),
          std::string("0123456789 abcdef"), std::string("0123456789abcde\xC3\xA4"),
          std::string(513, 'x')})
        EXPECT_THROW((void)read_api_keys(with(content)), std::runtime_error) << content;
}

TEST_F(ApiKeysTest, WhatEverybodyCanReadIsNoSecret) {
    EXPECT_THROW((void)read_api_keys(
                     with("0123456789abcdef", fs::perms::owner_read | fs::perms::others_read)),
                 std::runtime_error);
}

}  // namespace
}  // namespace cairn::apps::api_keys_test
