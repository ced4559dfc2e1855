#include "store/sqlite/store.h"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "store/sqlite/connection.h"
#include "store/testing/await.h"
#include "store/testing/expect_same.h"
#include "store/testing/specimens.h"
#include "store/testing/temporary_folder.h"

namespace cairn::store::store_test {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class SqliteStore : public ::testing::Test {
  protected:
    std::unique_ptr<ca::Repository> open() { return open_sqlite_store({.path = path}, *log); }
    std::string refusal() {
        try {
            open();
            return "";
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    }

    TemporaryFolder folder;
    const std::string path = folder.file("store");
    std::unique_ptr<base::Log> log = base::silent_log();
    Specimens make;
};

TEST_F(SqliteStore, KeepsItsFilesToTheOwner) {
    const auto store = open();
    await(store->create_account(make.account()));
    for (const auto* suffix : {"", "-wal", "-shm", ".lock"}) {
        struct stat facts{};
        ASSERT_EQ(stat((path + suffix).c_str(), &facts), 0) << suffix;
        EXPECT_EQ(facts.st_mode & 0777, 0600U) << suffix;
    }
}

TEST_F(SqliteStore, LeavesOneFileBehindWhenClosed) {
    await(open()->create_account(make.account()));
    EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
}

TEST_F(SqliteStore, IsServedByOneProcess) {
    auto store = open();
    EXPECT_THAT(refusal(), AllOf(StartsWith(path), HasSubstr("in use")));
    store.reset();
    EXPECT_EQ(refusal(), "");
}

TEST_F(SqliteStore, LetsOthersReadWhatItServes) {
    const auto store = open();
    await(store->create_account(make.account()));
    Connection reader(path, Connection::Access::read);
    EXPECT_TRUE(reader.exists("SELECT 1 FROM accounts"));
}

TEST_F(SqliteStore, RefusesASchemaOfANewerVersion) {
    open();
    Connection(path, Connection::Access::write).run("PRAGMA user_version = 1000");
    EXPECT_THAT(refusal(), AllOf(StartsWith(path), HasSubstr("newer")));
}

TEST_F(SqliteStore, RefusesOtherFiles) {
    std::ofstream(path) << "This is a text, and quite a long one, but surely no database.\n";
    EXPECT_THAT(refusal(), AllOf(StartsWith(path), HasSubstr("not a database")));
}

TEST_F(SqliteStore, RefusesAPathThatIsNot) {
    std::filesystem::remove_all(std::filesystem::path(path).parent_path());
    EXPECT_THAT(refusal(), AllOf(StartsWith(path), HasSubstr("No such file or directory")));
}

// What a child process was told to be durable is there after it was killed in the middle.
TEST_F(SqliteStore, KeepsWhatItAcknowledgedWhenKilled) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(pipe[0]);
        const auto store = open();
        const auto work = [&](Specimens specimens) -> base::Task<void> {
            const auto account = co_await store->create_account(specimens.account());
            for (;;) {
                const auto proof = specimens.authorization(account.account.id, "example.org");
                const std::vector proofs{proof};
                const auto order = specimens.order(account.account.id, proofs);
                co_await store->create_order(order, proofs, std::nullopt);
                const auto id = order.id.octets();
                // Fails once the parent is gone.
                if (write(pipe[1], id.data(), id.size()) != std::ssize(id)) _exit(1);
            }
        };
        std::vector<base::Task<void>> tasks;
        for (int i = 0; i < 8; ++i) tasks.push_back(work(Specimens()));
        await_each(std::move(tasks));
        _exit(1);
    }
    close(pipe[1]);
    std::vector<ca::OrderId> acknowledged;
    std::array<std::uint8_t, ca::OrderId::size> id{};
    while (read(pipe[0], id.data(), id.size()) == std::ssize(id)) {
        acknowledged.push_back(ca::OrderId::from_octets(id).value());
        if (acknowledged.size() == 200) kill(child, SIGKILL);
    }
    waitpid(child, nullptr, 0);
    close(pipe[0]);
    ASSERT_GE(acknowledged.size(), 200U);

    const auto store = open();
    for (const auto& order_id : acknowledged) {
        const auto order = await(store->find_order(order_id));
        ASSERT_TRUE(order) << acknowledged.size();
        EXPECT_EQ(await(store->find_authorizations(order->authorizations)).size(), 1U);
    }
}

/// While it lives, no file of this process grows beyond a size, as on a full disk.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(std::uintmax_t size) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &old_limit_);
        rlimit limit = old_limit_;
        limit.rlim_cur = size;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &old_limit_);
        std::signal(SIGXFSZ, old_handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit old_limit_{};
    void (*old_handler_)(int);
};

TEST_F(SqliteStore, IsUnavailableWhileTheDiskIsFull) {
    auto store = open();
    std::vector<ca::Account> created;
    // Several at once, then one by one, since one finds room where several do not.
    const auto create_until_full = [&](std::size_t at_once) {
        for (;;) {
            std::vector<ca::Account> accounts;
            std::vector<base::Task<ca::AccountStore::Creation>> creations;
            while (accounts.size() < at_once) {
                accounts.push_back(make.account());
                creations.push_back(store->create_account(accounts.back()));
            }
            const auto outcomes = await_each(std::move(creations));
            std::optional<ca::Account> refused;
            for (std::size_t i = 0; i < outcomes.size(); ++i) {
                if (outcomes[i].error) {
                    EXPECT_THROW(std::rethrow_exception(outcomes[i].error), ca::StoreUnavailable);
                    refused = accounts[i];
                } else {
                    created.push_back(accounts[i]);
                }
            }
            if (created.size() > 1000) throw std::logic_error("the limit does not hold");
            if (refused) return *refused;
        }
    };
    std::optional<ca::Account> refused;
    {
        const FileSizeLimit limit(std::filesystem::file_size(path + "-wal") + 200'000);
        create_until_full(10);
        refused = create_until_full(1);
        EXPECT_THROW(await(store->create_account(*refused)), ca::StoreUnavailable);
        EXPECT_FALSE(await(store->find_account(refused->id)));
        expect_found(await(store->find_account(created.back().id)), created.back());
    }
    EXPECT_TRUE(await(store->create_account(*refused)).created);
    created.push_back(*refused);
    store.reset();
    store = open();
    for (const auto& account : created)
        expect_found(await(store->find_account(account.id)), account);
}

TEST_F(SqliteStore, GivesBackTheSpaceOfWhatItForgot) {
    auto store = open();
    constexpr std::size_t count = 3000;
    std::vector<base::Task<void>> additions;
    for (std::size_t i = 0; i < count; ++i)
        additions.push_back(store->add_certificate(make.own_certificate()));
    await_each(std::move(additions));
    store.reset();
    const auto full = std::filesystem::file_size(path);
    ASSERT_GT(full, count * 1000);

    store = open();
    const ca::RetentionCutoffs cutoffs{.certificates = now + 1000 * 24h};
    std::size_t removed = 0;
    for (int step = 0; step < 60; ++step)
        removed += await(store->remove_expired(cutoffs, 200)).removed;
    EXPECT_EQ(removed, count);
    store.reset();
    // A megabyte stays for what comes next.
    EXPECT_LT(std::filesystem::file_size(path), 1'500'000U);
}

TEST_F(SqliteStore, LimitsTheQueueOfItsWriter) {
    const auto store = open_sqlite_store({.path = path, .queue_limit = 0}, *log);
    EXPECT_THROW(await(store->create_account(make.account())), ca::StoreUnavailable);
}

}  // namespace
}  // namespace cairn::store::store_test
