#include "apps/ca/memory.h"

#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace cairn::apps::memory_test {
namespace {

namespace fs = std::filesystem;

class MemoryTest : public ::testing::Test {
  protected:
    MemoryTest() {
        std::string pattern = (fs::temp_directory_path() / "memory_test.XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        folder_ = pattern;
        fs::create_directories(folder_ / "system.slice" / "ca.service");
    }
    ~MemoryTest() override { fs::remove_all(folder_); }

    void write(const fs::path& name, const std::string& text) {
        std::ofstream(folder_ / name) << text << "\n";
    }
    [[nodiscard]] std::size_t limit() const {
        return control_group_limit(folder_ / "membership", folder_);
    }

    fs::path folder_;
};

TEST_F(MemoryTest, TakesTheLeastLimitOfItsControlGroups) {
    constexpr auto unlimited = std::numeric_limits<std::size_t>::max();
    EXPECT_EQ(limit(), unlimited);
    write("membership", "1:name=systemd:/elsewhere\n0::/system.slice/ca.service");
    EXPECT_EQ(limit(), unlimited);
    write("system.slice/ca.service/memory.max", "max");
    EXPECT_EQ(limit(), unlimited);
    write("system.slice/memory.max", "2000000");
    EXPECT_EQ(limit(), 2000000U);
    write("system.slice/ca.service/memory.max", "1000000");
    EXPECT_EQ(limit(), 1000000U);
    write("memory.max", "500000");  // a container sees its own group as the root
    EXPECT_EQ(limit(), 500000U);
}

TEST_F(MemoryTest, MayHaveWhatTheMachineHasAtMost) {
    EXPECT_GT(memory_allowance(), std::size_t{1} << 20U);
    EXPECT_LT(memory_allowance(), std::numeric_limits<std::size_t>::max());
}

}  // namespace
}  // namespace cairn::apps::memory_test
