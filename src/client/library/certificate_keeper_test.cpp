#include "client/library/certificate_keeper.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/bench.h"
#include "client/testing/own_solver.h"

namespace cairn::client::certificate_keeper_test {
namespace {

using testing::failure_of;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// What the callbacks of a keeper were told.
class Told {
  public:
    void add(bool is_trouble) {
        const std::scoped_lock lock(mutex_);
        ++(is_trouble ? troubles_ : certificates_);
        changed_.notify_all();
    }
    /// False if that many were not told of in good time.
    [[nodiscard]] bool await(int certificates, int troubles) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(
            lock, 60s, [&] { return certificates_ >= certificates && troubles_ >= troubles; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int certificates_ = 0;
    int troubles_ = 0;
};

class CertificateKeeperTest : public ::testing::Test {
  protected:
    KeeperOptions options() {
        return {.state_folder = bench_.state.root(),
                .certificates = {{.names = {"a.example"},
                                  .solver = "own",
                                  .authorities = {{bench_.ca.directory_url(),
                                                   bench_.ca.server.root_file()}}}},
                .solvers = {std::make_shared<testing::OwnSolver>()},
                .on_certificate = [this](const KeptCertificate&) { told_.add(false); },
                .on_trouble = [this](const KeeperTrouble&) { told_.add(true); },
                .program = "example/1.0"};
    }

    Told told_;
    testing::Bench bench_;
};

TEST_F(CertificateKeeperTest, ObtainsInTheThreadOfTheCaller) {
    std::atomic<bool> is_named = false;
    bench_.ca.intercept = [&](const http::Request& request) -> std::optional<http::Response> {
        is_named = request.field("user-agent").starts_with("example/1.0 Cairn/");
        return std::nullopt;
    };
    CertificateKeeper keeper(options());
    EXPECT_TRUE(keeper.standing().empty());
    const auto obtained = keeper.obtain();
    ASSERT_EQ(obtained.size(), 1U);
    EXPECT_TRUE(told_.await(1, 0));
    EXPECT_EQ(keeper.standing().front().chain, obtained.front().chain);
    EXPECT_GT(keeper.next_look(), base::SystemClock().now());
    EXPECT_TRUE(is_named);
}

TEST_F(CertificateKeeperTest, KeepsInAThreadOfItsOwnAndLooksWhenItIsAskedTo) {
    bench_.ca.unconvinced_of = {"a.example"};
    CertificateKeeper keeper(options());
    keeper.start();
    keeper.start();
    ASSERT_TRUE(told_.await(0, 1));
    bench_.ca.unconvinced_of.clear();
    keeper.look_now();
    EXPECT_TRUE(told_.await(1, 1));
}

TEST_F(CertificateKeeperTest, AKeeperThatWasStoppedDoesNothingMore) {
    CertificateKeeper keeper(options());
    keeper.start();
    ASSERT_TRUE(told_.await(1, 0));
    keeper.stop();
    EXPECT_EQ(keeper.obtain().size(), 1U) << "what stands can still be had";
    EXPECT_THROW(keeper.start(), std::logic_error);
    CertificateKeeper other(
        {.state_folder = bench_.folder / "other", .certificates = options().certificates});
    other.stop();
    EXPECT_THAT(failure_of([&] { static_cast<void>(other.obtain()); }), HasSubstr("was stopped"));
}

}  // namespace
}  // namespace cairn::client::certificate_keeper_test
