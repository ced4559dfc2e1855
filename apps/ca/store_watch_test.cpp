#include "apps/ca/store_watch.h"

#include <csignal>
#include <filesystem>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "net/event_loops.h"
#include "store/sqlite/store.h"

namespace cairn::apps::store_watch_test {
namespace {

namespace fs = std::filesystem;

class StoreWatchTest : public ::testing::Test {
  protected:
    ~StoreWatchTest() override {
        store_.reset();
        fs::remove_all(folder_);
    }
    std::optional<std::string> failure() {
        return boost::asio::co_spawn(loops_.next(), watch_.failure(), boost::asio::use_future)
            .get();
    }
    static fs::path fresh_folder() {
        std::string pattern = fs::temp_directory_path() / "cairn-store-watch-XXXXXX";
        return ::mkdtemp(pattern.data());
    }

    const fs::path folder_ = fresh_folder();
    std::unique_ptr<base::Log> log_ = base::silent_log();
    net::EventLoops loops_{1};
    std::unique_ptr<ca::Repository> store_ =
        store::open_sqlite_store({.path = (folder_ / "cairn.sqlite").string()}, *log_);
    StoreWatch watch_{*store_, [this] { return loops_.next(); }};
};

/// While this lives, no file of this process grows.
class FullDisk {
  public:
    FullDisk() {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    rlimit before_{};
};

TEST_F(StoreWatchTest, FindsOutWhenTheDiskIsFullAndWhenItIsNotAnyMore) {
    EXPECT_EQ(failure(), std::nullopt);
    {
        const FullDisk full;
        const auto found = failure();
        ASSERT_TRUE(found);
        EXPECT_FALSE(found->empty());
        EXPECT_EQ(watch_.last_failure(), found);
    }
    EXPECT_EQ(failure(), std::nullopt);
    EXPECT_EQ(watch_.last_failure(), std::nullopt);
}

}  // namespace
}  // namespace cairn::apps::store_watch_test
