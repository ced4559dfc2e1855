#include "store/group_commit.h"

#include <algorithm>
#include <chrono>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <pthread.h>

#include "ca/repository.h"

namespace cairn::store {
namespace asio = boost::asio;

namespace {

/// How long a commit waits, at most, for the callers that were there lately.
constexpr std::chrono::milliseconds gather_patience{10};
/// The share of those callers that is worth waiting for. The rest arrives while the transaction is
/// on its way to the disk and has no reason to wait for the last straggler.
constexpr std::size_t gathered_tenths = 9;
/// Pages of write-ahead log at which it is moved into the database. A page that changes often is
/// moved once for all of them, so longer logs write less; readers search shorter ones faster.
constexpr int checkpoint_pages = 16384;
/// Keeps a transaction within the memory that its pages may take.
constexpr std::ptrdiff_t max_batch = 1000;

}  // namespace

GroupCommit::GroupCommit(Connection connection, std::size_t queue_limit, base::Log& log,
                         ca::Observer& observer)
    : connection_(std::move(connection)),
      queue_limit_(queue_limit),
      log_(log),
      observer_(observer),
      checkpoint_due_(checkpoint_pages),
      thread_([this] { serve(); }) {}

GroupCommit::~GroupCommit() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

base::Task<void> GroupCommit::submit(Step step) {
    auto initiation = [this, pending = std::move(step)](auto handler) mutable {
        // The work that is outstanding keeps the executor's threads in run() meanwhile.
        auto executor = asio::prefer(asio::get_associated_executor(handler),
                                     asio::execution::outstanding_work.tracked);
        enqueue({std::move(pending), [handler = std::move(handler), executor = std::move(executor)](
                                         std::exception_ptr error) mutable {
                     asio::post(executor, [handler = std::move(handler), error]() mutable {
                         std::move(handler)(error);
                     });
                 }});
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
        std::move(initiation), asio::use_awaitable);
}

void GroupCommit::enqueue(Call call) {
    std::unique_lock lock(mutex_);
    if (waiting_.size() >= queue_limit_) {
        lock.unlock();
        observer_.write_refused();
        call.resume(std::make_exception_ptr(
            ca::StoreUnavailable("too many calls wait for the store's writer")));
        return;
    }
    waiting_.push_back(std::move(call));
    observer_.writes_waiting(1);
    const bool is_enough = waiting_.size() == wanted_;
    lock.unlock();
    if (is_enough) changed_.notify_one();
}

void GroupCommit::serve() {
    pthread_setname_np(pthread_self(), "store-writer");
    for (;;) {
        auto batch = next_batch();
        if (batch.empty()) return;
        commit(batch);
        for (auto& call : batch) call.resume(std::move(call.error));
        checkpoint_if_due();
    }
}

GroupCommit::Batch GroupCommit::next_batch() {
    std::unique_lock lock(mutex_);
    wanted_ = 1;
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    wanted_ = std::max<std::size_t>(1, callers_lately_ * gathered_tenths / 10);
    changed_.wait_for(lock, gather_patience,
                      [this] { return stopping_ || waiting_.size() >= wanted_; });
    Batch batch;
    if (std::ssize(waiting_) <= max_batch) {
        batch.swap(waiting_);
    } else {
        const auto end = waiting_.begin() + max_batch;
        batch.assign(std::move_iterator(waiting_.begin()), std::move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
    }
    observer_.writes_waiting(-std::ssize(batch));
    return batch;
}

void GroupCommit::commit(Batch& batch) {
    const auto begun = std::chrono::steady_clock::now();
    const bool is_durable = try_commit(batch);
    using Commit = ca::Observer::Commit;
    observer_.committed(is_durable ? Commit::durable : Commit::failed, batch.size(),
                        std::chrono::steady_clock::now() - begun);
    if (is_durable) {
        ++transactions_;
        for (const auto& announce : announcements_) announce();
    }
    announcements_.clear();
    const std::lock_guard lock(mutex_);
    callers_lately_ = batch.size() + waiting_.size();
}

bool GroupCommit::try_commit(Batch& batch) {
    try {
        connection_.execute("BEGIN IMMEDIATE");
        run_steps(batch);
        connection_.execute("COMMIT");
    } catch (const std::exception& error) {
        roll_back();
        for (auto& call : batch) {
            if (!call.error) call.error = std::current_exception();
        }
        if (!std::exchange(is_failing_, true))
            log_.error("store_unavailable", {{"reason", error.what()}});
        return false;
    }
    if (std::exchange(is_failing_, false)) log_.info("store_available");
    return true;
}

void GroupCommit::run_steps(Batch& batch) {
    for (auto& call : batch) {
        const auto announced = announcements_.size();
        connection_.execute("SAVEPOINT step");
        try {
            call.step(connection_);
        } catch (...) {
            // After some errors, a full disk among them, SQLite gives up the whole transaction.
            if (!connection_.in_transaction()) throw;
            call.error = std::current_exception();
            announcements_.resize(announced);
            connection_.execute("ROLLBACK TO step");
        }
        connection_.execute("RELEASE step");
    }
}

void GroupCommit::roll_back() {
    if (!connection_.in_transaction()) return;
    try {
        connection_.execute("ROLLBACK");
    } catch (const std::exception& error) {
        log_.error("store_rollback_failed", {{"reason", error.what()}});
    }
}

void GroupCommit::checkpoint_if_due() {
    if (connection_.log_pages() < checkpoint_due_) return;
    checkpoint_due_ = connection_.log_pages() + checkpoint_pages / 4;
    try {
        if (connection_.checkpoint()) checkpoint_due_ = checkpoint_pages;
    } catch (const std::exception& error) {
        log_.error("store_checkpoint_failed", {{"reason", error.what()}});
    }
}

}  // namespace cairn::store
