#include "store/sqlite/group_commit.h"

#include <algorithm>
#include <chrono>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <pthread.h>

#include "ca/ports/repository.h"
#include "store/resumption.h"
#include "store/sqlite/abrupt_end.h"

namespace cairn::store {
namespace asio = boost::asio;

namespace {

/// How long a commit waits, at most, for the callers that were there lately.
constexpr std::chrono::milliseconds gather_patience{10};
/// The share of those callers that a commit waits for. The others may arrive while the transaction
/// is written; nobody waits for the last one.
constexpr std::size_t gathered_tenths = 9;
/// Keeps a transaction within the memory that its pages may take.
constexpr std::ptrdiff_t max_batch = 1000;

}  // namespace

GroupCommit::GroupCommit(Connection connection, Connection log_connection, std::size_t queue_limit,
                         base::Log& log, ca::Observer& observer)
    : connection_(std::move(connection)),
      checkpointer_(std::move(log_connection), log),
      queue_limit_(queue_limit),
      log_(log),
      observer_(observer),
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
        base::Executor executor = asio::prefer(asio::get_associated_executor(handler),
                                               asio::execution::outstanding_work.tracked);
        enqueue({std::move(pending), std::move(executor), std::move(handler)});
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
        std::move(initiation), asio::use_awaitable);
}

void GroupCommit::enqueue(Call call) {
    std::unique_lock lock(mutex_);
    if (waiting_.size() >= queue_limit_) {
        lock.unlock();
        observer_.write_refused();
        call.error = std::make_exception_ptr(
            ca::StoreUnavailable("too many calls wait for the store's writer"));
        Batch refused;
        refused.push_back(std::move(call));
        resume(std::move(refused));
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
        resume(std::move(batch));
        end_log_if_due();
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
        if (!run_together(batch)) {
            roll_back();
            connection_.execute("BEGIN IMMEDIATE");
            run_apart(batch);
        }
        connection_.commit();
    } catch (const ca::OutcomeUnknown& error) {
        end_abruptly(log_, error.what());
    } catch (const std::exception& error) {
        roll_back();
        for (auto& call : batch) {
            if (!call.error) call.error = std::current_exception();
        }
        if (!std::exchange(is_failing_, true))
            log_.error("store unavailable", {{"reason", error.what()}});
        return false;
    }
    if (std::exchange(is_failing_, false)) log_.info("store available");
    return true;
}

bool GroupCommit::run_together(Batch& batch) {
    try {
        for (auto& call : batch) call.step(connection_);
        return true;
    } catch (const ca::OutcomeUnknown&) {
        throw;
    } catch (...) {
        // This is rare. Savepoints, which cost something for every step, show which step has
        // failed.
        announcements_.clear();
        return false;
    }
}

void GroupCommit::run_apart(Batch& batch) {
    for (auto& call : batch) {
        const auto announced = announcements_.size();
        connection_.execute("SAVEPOINT step");
        try {
            call.step(connection_);
        } catch (const ca::OutcomeUnknown&) {
            throw;
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
        log_.error("store rollback failed", {{"reason", error.what()}});
    }
}

void GroupCommit::resume(Batch batch) {
    resume_all(std::move(batch));
}

void GroupCommit::end_log_if_due() {
    if (!checkpointer_.log_has(connection_.log_pages())) return;
    try {
        checkpointer_.log_was_ended(connection_.end_log());
    } catch (const ca::OutcomeUnknown& error) {
        end_abruptly(log_, error.what());
    } catch (const std::exception& error) {
        checkpointer_.log_was_ended(false);
        log_.error("store checkpoint failed", {{"reason", error.what()}});
    }
}

}  // namespace cairn::store
