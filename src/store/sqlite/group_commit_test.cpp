#include "store/sqlite/group_commit.h"

#include <fstream>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "ca/ports/repository.h"
#include "store/sqlite/reader_pool.h"
#include "store/testing/await.h"
#include "store/testing/temporary_folder.h"

namespace cairn::store::group_commit_test {
namespace {

using testing::await;

/// A step that holds up the writer, so that others gather behind it.
class Barrier {
  public:
    void operator()(Connection&) {
        reached_.set_value();
        opened_.get_future().wait();
    }
    void wait_until_reached() { reached_.get_future().wait(); }
    void open() { opened_.set_value(); }

  private:
    std::promise<void> reached_, opened_;
};

/// A log of the names of events.
class EventLog final : public base::Log {
  public:
    void write(base::LogLevel, std::string_view event,
               std::initializer_list<base::LogField>) override {
        const std::lock_guard lock(mutex_);
        events_.emplace_back(event);
    }
    void flush() override {}
    [[nodiscard]] std::vector<std::string> events() {
        const std::lock_guard lock(mutex_);
        return events_;
    }

  private:
    std::mutex mutex_;
    std::vector<std::string> events_;
};

/// What an observer was told, added up.
class Tally final : public ca::Observer {
  public:
    void writes_waiting(std::ptrdiff_t change) override { waiting += change; }
    void committed(Commit commit, std::size_t calls, Duration duration) override {
        EXPECT_GT(duration, Duration::zero());
        if (commit == Commit::durable)
            groups.push_back(calls);
        else
            ++failed;
    }
    void write_refused() override { ++refused; }

    std::atomic<std::ptrdiff_t> waiting = 0;
    std::vector<std::size_t> groups;  ///< told by the writer's thread alone
    std::atomic<int> failed = 0, refused = 0;
};

class GroupCommitTest : public ::testing::Test {
  protected:
    static constexpr std::size_t queue_limit = 100;

    void start_writer(Connection connection) {
        writer.emplace(std::move(connection), Connection(path, Connection::Access::write),
                       queue_limit, log, observer);
    }
    void start_writer() { start_writer(Connection(path, Connection::Access::write)); }
    base::Task<void> insert(std::int64_t number) {
        co_await writer->run([number](Connection& connection) {
            connection.execute("INSERT INTO t (i) VALUES (?)", number);
        });
    }
    std::vector<std::int64_t> kept() {
        Connection reader(path, Connection::Access::read);
        return reader.list("SELECT i FROM t ORDER BY i",
                           [](Columns& row) { return row.integer(); });
    }
    /// How `tasks` ended, all of them having waited for the writer at the same time.
    template <class T>
    std::vector<testing::Outcome<T>> await_together(std::vector<base::Task<T>> tasks) {
        Barrier barrier;
        boost::asio::io_context context(1);
        testing::Outcome<void> passed;
        testing::start(context.get_executor(), writer->run(std::ref(barrier)), passed);
        std::vector<testing::Outcome<T>> outcomes(tasks.size());
        context.poll();
        barrier.wait_until_reached();
        for (std::size_t i = 0; i < tasks.size(); ++i)
            testing::start(context.get_executor(), std::move(tasks[i]), outcomes[i]);
        context.poll();
        barrier.open();
        context.run();
        return outcomes;
    }

    testing::TemporaryFolder folder;
    EventLog log;
    Tally observer;
    const std::string path = [&] {
        const auto file = folder.file("database");
        std::ofstream{file};
        Connection(file, Connection::Access::write)
            .run("PRAGMA journal_mode = WAL; CREATE TABLE t (i INTEGER UNIQUE, b BLOB)");
        return file;
    }();
    std::optional<GroupCommit> writer;
};

template <class Exception>
bool holds(const std::exception_ptr& error) {
    try {
        if (error) std::rethrow_exception(error);
    } catch (const Exception&) {
        return true;
    } catch (...) {
    }
    return false;
}

TEST_F(GroupCommitTest, ReturnsTheResultOfAStep) {
    start_writer();
    EXPECT_EQ(await(writer->run([](Connection&) { return std::string("result"); })), "result");
    await(insert(1));
    EXPECT_EQ(kept(), std::vector<std::int64_t>{1});
}

TEST_F(GroupCommitTest, CommitsWhatWaitsInOneTransaction) {
    start_writer();
    std::vector<base::Task<void>> inserts;
    for (int i = 0; i < 50; ++i) inserts.push_back(insert(i));
    for (const auto& outcome : await_together(std::move(inserts))) EXPECT_FALSE(outcome.error);
    EXPECT_EQ(kept().size(), 50U);
    EXPECT_EQ(writer->transactions(), 2U);
    writer.reset();
    EXPECT_EQ(observer.groups, (std::vector<std::size_t>{1, 50}));
    EXPECT_EQ(observer.waiting, 0);
    EXPECT_EQ(observer.failed, 0);
}

TEST_F(GroupCommitTest, CommitsALoneCallAlone) {
    start_writer();
    for (int i = 0; i < 5; ++i) await(insert(i));
    EXPECT_EQ(writer->transactions(), 5U);
}

TEST_F(GroupCommitTest, LetsAStepFailAlone) {
    start_writer();
    std::vector<base::Task<void>> tasks;
    tasks.push_back(insert(1));
    tasks.push_back(writer->run([](Connection& connection) {
        connection.execute("INSERT INTO t (i) VALUES (2)");
        throw std::logic_error("after the first half");
    }));
    tasks.push_back(insert(1));
    tasks.push_back(insert(3));
    const auto outcomes = await_together(std::move(tasks));
    EXPECT_FALSE(outcomes[0].error);
    EXPECT_TRUE(holds<std::logic_error>(outcomes[1].error));
    EXPECT_TRUE(holds<SqliteError>(outcomes[2].error));
    EXPECT_FALSE(outcomes[3].error);
    EXPECT_EQ(kept(), (std::vector<std::int64_t>{1, 3}));
    EXPECT_EQ(writer->transactions(), 2U);
}

/// With steps that make a commit fail: the constraint is looked at only then.
class FailingCommitTest : public GroupCommitTest {
  protected:
    FailingCommitTest() {
        Connection connection(path, Connection::Access::write);
        connection.run(
            "CREATE TABLE parent (i INTEGER PRIMARY KEY);"
            "CREATE TABLE child (i REFERENCES parent DEFERRABLE INITIALLY DEFERRED);"
            "PRAGMA foreign_keys = ON");
        start_writer(std::move(connection));
    }
    base::Task<void> fail() {
        return writer->run(
            [](Connection& connection) { connection.execute("INSERT INTO child VALUES (7)"); });
    }
};

TEST_F(FailingCommitTest, FailsAllCallsOfTheCommit) {
    std::vector<base::Task<void>> tasks;
    tasks.push_back(insert(1));
    tasks.push_back(fail());
    tasks.push_back(insert(2));
    for (const auto& outcome : await_together(std::move(tasks)))
        EXPECT_TRUE(holds<SqliteError>(outcome.error));
    EXPECT_TRUE(kept().empty());

    await(insert(3));
    EXPECT_EQ(kept(), std::vector<std::int64_t>{3});
}

TEST_F(FailingCommitTest, LogsTheFirstAndTheLastOfARowOfFailures) {
    await(insert(1));
    for (int i = 0; i < 3; ++i) EXPECT_THROW(await(fail()), SqliteError);
    await(insert(2));
    await(insert(3));
    EXPECT_EQ(log.events(), (std::vector<std::string>{"store unavailable", "store available"}));
}

TEST_F(FailingCommitTest, AnnouncesWhatIsOnDiskAndNothingElse) {
    std::vector<int> announced;
    const auto announcing = [&](int number, bool throws) {
        return writer->run([&, number, throws](Connection&) {
            writer->after_commit([&, number] { announced.push_back(number); });
            if (throws) throw std::logic_error("after all");
        });
    };
    std::vector<base::Task<void>> tasks;
    tasks.push_back(announcing(1, false));
    tasks.push_back(announcing(2, true));
    tasks.push_back(announcing(3, false));
    await_together(std::move(tasks));
    EXPECT_EQ(announced, (std::vector{1, 3}));

    tasks.clear();
    tasks.push_back(announcing(4, false));
    tasks.push_back(fail());
    await_together(std::move(tasks));
    await(announcing(5, false));
    EXPECT_EQ(announced, (std::vector{1, 3, 5}));
}

TEST_F(GroupCommitTest, IsUnavailableWhileTheDiskIsFull) {
    start_writer();
    const auto fill = [&] {
        return writer->run([](Connection& connection) {
            connection.execute("INSERT INTO t (b) VALUES (zeroblob(100000))");
        });
    };
    await(
        writer->run([](Connection& connection) { connection.run("PRAGMA max_page_count = 20"); }));
    std::vector<base::Task<void>> tasks;
    tasks.push_back(insert(1));
    tasks.push_back(fill());
    tasks.push_back(insert(2));
    const auto outcomes = await_together(std::move(tasks));
    EXPECT_TRUE(holds<ca::StoreUnavailable>(outcomes[1].error));
    for (const auto i : {0U, 2U}) {
        const bool is_kept = std::ranges::count(kept(), i == 0 ? 1 : 2) == 1;
        EXPECT_EQ(!is_kept, holds<ca::StoreUnavailable>(outcomes[i].error));
    }

    await(writer->run(
        [](Connection& connection) { connection.run("PRAGMA max_page_count = 100000"); }));
    await(fill());
    await(insert(5));
    EXPECT_EQ(kept().back(), 5);
}

TEST_F(GroupCommitTest, RefusesMoreThanTheQueueHolds) {
    start_writer();
    std::vector<base::Task<void>> inserts;
    for (std::size_t i = 0; i < queue_limit + 3; ++i)
        inserts.push_back(insert(static_cast<std::int64_t>(i)));
    const auto outcomes = await_together(std::move(inserts));
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        EXPECT_EQ(holds<ca::StoreUnavailable>(outcomes[i].error), i >= queue_limit) << i;
    EXPECT_EQ(kept().size(), queue_limit);
    await(insert(-1));
}

TEST_F(GroupCommitTest, LetsReadersReadWhileATransactionIsOpen) {
    start_writer();
    await(insert(1));
    Barrier barrier;
    boost::asio::io_context context(1);
    testing::Outcome<void> passed, inserted;
    testing::start(context.get_executor(), writer->run([&](Connection& connection) {
        connection.execute("INSERT INTO t (i) VALUES (2)");
        barrier(connection);
    }),
                   passed);
    context.poll();
    barrier.wait_until_reached();
    ReaderPool readers(path);
    const auto count = [&] {
        return readers.read([](Connection& connection) {
            return connection.list("SELECT i FROM t", [](Columns& row) { return row.integer(); })
                .size();
        });
    };
    EXPECT_EQ(count(), 1U) << "it neither waits nor sees what is not committed";
    barrier.open();
    context.run();
    EXPECT_EQ(count(), 2U);
}

TEST_F(GroupCommitTest, ResumesEachTaskWhereItWasAwaited) {
    start_writer();
    const auto check = [&](std::thread::id here) -> base::Task<bool> {
        co_await insert(0);
        co_return std::this_thread::get_id() == here;
    };
    EXPECT_TRUE(await(check(std::this_thread::get_id())));
}

TEST_F(GroupCommitTest, CommitsWhatWaitsWhenItEnds) {
    start_writer();
    Barrier barrier;
    boost::asio::io_context context(1);
    testing::Outcome<void> passed, inserted;
    testing::start(context.get_executor(), writer->run(std::ref(barrier)), passed);
    context.poll();
    barrier.wait_until_reached();
    testing::start(context.get_executor(), insert(1), inserted);
    context.poll();
    std::thread end([&] { writer.reset(); });
    barrier.open();
    end.join();
    context.run();
    EXPECT_FALSE(inserted.error);
    EXPECT_EQ(kept(), std::vector<std::int64_t>{1});
}

}  // namespace
}  // namespace cairn::store::group_commit_test
