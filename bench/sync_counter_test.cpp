#include "bench/sync_counter.h"

#include <gtest/gtest.h>

#include "bench/child.h"

namespace cairn::bench {
namespace {

TEST(SyncCounter, CountsCallsOfChildrenAndTheirChildren) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const SyncCounter counter(folder.path() / "count");
    const auto file = (folder.path() / "written").string();
    EXPECT_EQ(counter.count(), 0U);
    // `sync FILE` calls fsync once, `sync --data FILE` fdatasync.
    run_to_end({.words = {"sh", "-c", "touch $0 && sync $0 && sync --data $0", file},
                .environment = counter.environment()});
    EXPECT_EQ(counter.count(), 2U);
    run_to_end({.words = {"sync", file}});
    EXPECT_EQ(counter.count(), 2U);
}

TEST(Child, ThatFailsIsToldWithItsOutput) {
    try {
        run_to_end({.words = {"sh", "-c", "echo so it is; exit 3"}});
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("so it is"), std::string::npos);
    }
}

TEST(Child, EndsWithItsOwner) {
    Child child({.words = {"sleep", "600"}});
    EXPECT_FALSE(child.has_ended());
    child.stop();
    EXPECT_TRUE(child.has_ended());
}

}  // namespace
}  // namespace cairn::bench
