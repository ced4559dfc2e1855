#include "client/state_directory.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/failure.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::state_directory_test {
namespace {

using namespace std::chrono_literals;
using testing::TemporaryFolder;

LineageName name(std::string_view text) {
    return LineageName::from_text(text).value();
}

TEST(LineageName, TakesWhatIsSafeAsAFileName) {
    for (const auto* good : {"example.com", "a", "xn--bcher-kva.example", "192.0.2.1",
                             "2001:db8::1", "::1", "My_site-2", "rsa@example.com", "a+b"})
        EXPECT_TRUE(LineageName::from_text(good)) << good;
    for (const auto* bad :
         {"", ".", "..", "../x", "a/b", ".hidden", "-rf", "a b", "a\nb", "*", "ä"})
        EXPECT_FALSE(LineageName::from_text(bad)) << bad;
    EXPECT_TRUE(LineageName::from_text(std::string(200, 'a')));
    EXPECT_FALSE(LineageName::from_text(std::string(201, 'a')));
}

TEST(StateDirectory, ListsLineagesByTheirPlans) {
    const TemporaryFolder folder;
    const StateDirectory state(folder.path());
    EXPECT_THAT(state.lineages(), ::testing::IsEmpty());
    make_private_directory(folder / "renewal");
    for (const auto* file : {"b.example.json", "a.example.json", "notes.txt", ".a.json.12"})
        write_durably(folder / "renewal" / file, "{}", FileAccess::owner);
    EXPECT_THAT(state.lineages(), ::testing::ElementsAre(name("a.example"), name("b.example")));
}

TEST(StateDirectory, OneRunWorksOnALineageAtATime) {
    const TemporaryFolder folder;
    const StateDirectory state(folder.path());
    auto first = state.try_lock(name("a"));
    ASSERT_TRUE(first);
    EXPECT_FALSE(state.try_lock(name("a")));
    EXPECT_TRUE(state.try_lock(name("b")));
    InstantTimer timer;
    EXPECT_THROW(static_cast<void>(state.lock(name("a"), timer, 1min)), Failure);
    EXPECT_GT(timer.waited(), 30s);
    first.reset();
    EXPECT_TRUE(state.try_lock(name("a")));
}

TEST(StateDirectory, AWaiterGetsTheLockWhenItIsGivenBack) {
    const TemporaryFolder folder;
    const StateDirectory state(folder.path());
    auto first = state.try_lock(name("a"));
    std::atomic<bool> is_given_back = false;
    std::jthread waiter([&] {
        SystemTimer timer;
        const auto lock = state.lock(name("a"), timer, 1min);
        EXPECT_TRUE(is_given_back);
    });
    is_given_back = true;
    first.reset();
}

TEST(StateDirectory, AccountsAndLineagesDoNotLockEachOther) {
    const TemporaryFolder folder;
    const StateDirectory state(folder.path());
    InstantTimer timer;
    const auto accounts = state.lock_accounts(timer, 1s);
    EXPECT_TRUE(state.try_lock(name("accounts")));
    EXPECT_THROW(static_cast<void>(state.lock_accounts(timer, 1s)), Failure);
}

TEST(StateDirectory, GoesIfItIsNotUsed) {
    const TemporaryFolder folder;
    const StateDirectory state(folder / "state");
    InstantTimer timer;
    EXPECT_NO_THROW(state.remove_if_unused());
    auto lock = std::optional(state.lock(name("a"), timer, 1s));
    state.remove_if_unused();
    EXPECT_TRUE(std::filesystem::exists(state.root())) << "another run works there";
    // One that waits gets a lock that locks, though the file that it waits for goes.
    std::optional<StateLock> next;
    std::jthread waiter([&] {
        SystemTimer patient;
        next.emplace(state.lock(name("a"), patient, 1min));
    });
    lock.reset();
    state.remove_if_unused();
    waiter.join();
    EXPECT_FALSE(state.try_lock(name("a")));
    next.reset();
    make_private_directory(state.limits());
    state.remove_if_unused();
    EXPECT_TRUE(std::filesystem::exists(state.limits()));
    std::filesystem::remove(state.limits());
    state.remove_if_unused();
    EXPECT_FALSE(std::filesystem::exists(state.root()));
}

TEST(StateDirectory, IsNotEmptyJustBecauseItCannotBeRead) {
    using IfMissing = StateDirectory::IfMissing;
    const TemporaryFolder folder;
    const StateDirectory missing(folder / "missing");
    EXPECT_NO_THROW(missing.require_readable(IfMissing::accept));
    EXPECT_THROW(missing.require_readable(IfMissing::refuse), Failure);
    EXPECT_TRUE(missing.lineages().empty());

    const StateDirectory state(folder.path());
    EXPECT_NO_THROW(state.require_readable(IfMissing::refuse));
    write_durably(folder / "passwd", "", FileAccess::owner);
    EXPECT_THROW(state.require_readable(IfMissing::refuse), Failure);
    make_private_directory(folder / "accounts");
    EXPECT_NO_THROW(state.require_readable(IfMissing::refuse));

    write_durably(folder / "renewal", "a file", FileAccess::owner);
    EXPECT_THROW(static_cast<void>(state.lineages()), Failure);
    std::filesystem::remove(folder / "renewal");
    std::filesystem::create_symlink("nowhere", folder / "renewal");
    EXPECT_THROW(static_cast<void>(state.lineages()), Failure);
    EXPECT_THROW(StateDirectory(folder / "passwd").require_readable(IfMissing::accept), Failure);
}

}  // namespace
}  // namespace cairn::client::state_directory_test
