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

}  // namespace
}  // namespace cairn::bench
