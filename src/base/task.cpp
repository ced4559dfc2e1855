#include "base/task.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace cairn::base {
namespace asio = boost::asio;

namespace {

/// Longer than any wait, and short enough that adding it to the present time does not overflow.
constexpr Milliseconds longest_wait = std::chrono::hours(24 * 365);

bool is_cancellation(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

/// A task between `spawn` and its end. All but the executor is used on that executor alone.
class RunningTask {
  public:
    explicit RunningTask(Executor executor) : executor_(std::move(executor)) {}

    [[nodiscard]] const Executor& executor() const { return executor_; }
    [[nodiscard]] asio::cancellation_slot slot() { return signal_.slot(); }
    [[nodiscard]] bool is_cancelled() const { return cancelled_; }
    void cancel() {
        cancelled_ = true;
        signal_.emit(asio::cancellation_type::all);
    }

  private:
    Executor executor_;
    asio::cancellation_signal signal_;
    bool cancelled_ = false;
};

}  // namespace

void start(const Executor& executor, Task<void> task, std::function<void(std::exception_ptr)> ended,
           asio::cancellation_slot cancellation) {
    asio::co_spawn(executor, std::move(task),
                   asio::bind_cancellation_slot(cancellation, std::move(ended)));
}

struct TaskGroup::State {
    OnFailure on_failure;
    std::mutex mutex;
    std::condition_variable ended;
    std::list<std::shared_ptr<RunningTask>> tasks;
    bool closed = false;
};

TaskGroup::TaskGroup(OnFailure on_failure) : state_(std::make_shared<State>()) {
    state_->on_failure = std::move(on_failure);
}

TaskGroup::~TaskGroup() {
    close(Milliseconds(0));
}

bool TaskGroup::spawn(const Executor& executor, Task<void> task) {
    /// A task's place in the group. It goes with whatever holds it, so that a task counts as ended
    /// also if its execution context is destroyed before it ran to its end.
    struct Membership {
        std::shared_ptr<State> state;
        std::list<std::shared_ptr<RunningTask>>::iterator place;

        Membership(std::shared_ptr<State> group,
                   std::list<std::shared_ptr<RunningTask>>::iterator at)
            : state(std::move(group)), place(at) {}
        Membership(const Membership&) = delete;
        Membership& operator=(const Membership&) = delete;
        ~Membership() {
            const std::scoped_lock lock(state->mutex);
            state->tasks.erase(place);
            if (state->tasks.empty()) state->ended.notify_all();
        }
    };

    const auto running = std::make_shared<RunningTask>(executor);
    // Allocates all memory first, while there is nothing to undo.
    std::list<std::shared_ptr<RunningTask>> own{running};
    const auto membership = std::make_shared<Membership>(state_, own.begin());
    {
        const std::scoped_lock lock(state_->mutex);
        state_->tasks.splice(state_->tasks.end(), own);
        if (state_->closed) return false;
    }
    // Started from the executor, because a cancellation slot must not be connected while `close`
    // uses it.
    asio::post(executor, [running, membership, task = std::move(task)]() mutable {
        if (running->is_cancelled()) return;
        asio::co_spawn(running->executor(), std::move(task),
                       asio::bind_cancellation_slot(
                           running->slot(), [running, membership](std::exception_ptr failure) {
                               if (!failure) return;
                               if (running->is_cancelled() && is_cancellation(failure)) return;
                               membership->state->on_failure(std::move(failure));
                           }));
    });
    return true;
}

std::size_t TaskGroup::size() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->tasks.size();
}

bool TaskGroup::close(Milliseconds patience) {
    std::unique_lock lock(state_->mutex);
    state_->closed = true;
    const auto all_ended = [this] { return state_->tasks.empty(); };
    if (state_->ended.wait_for(lock, std::min(patience, longest_wait), all_ended)) return true;
    for (const auto& running : state_->tasks) {
        asio::post(running->executor(), [running] { running->cancel(); });
    }
    state_->ended.wait(lock, all_ended);
    return false;
}

Task<void> sleep_for(Milliseconds duration) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(std::min(duration, longest_wait));
    co_await timer.async_wait(asio::use_awaitable);
}

struct Announcements::State {
    std::mutex mutex;
    std::multimap<std::string, std::shared_ptr<Ticket::Waiter>> waiters;
};

struct Announcements::Ticket::Waiter {
    Executor executor;
    std::atomic<bool> announced = false;
    std::optional<asio::steady_timer> timer;  // used on `executor` alone
    std::shared_ptr<State> state;
    std::multimap<std::string, std::shared_ptr<Waiter>>::iterator place;  // while not `announced`
};

Announcements::Announcements() : state_(std::make_shared<State>()) {}
Announcements::~Announcements() = default;

Announcements::Ticket Announcements::ticket(const Executor& executor, std::string name) {
    auto waiter = std::make_shared<Ticket::Waiter>();
    waiter->executor = executor;
    waiter->state = state_;
    const std::scoped_lock lock(state_->mutex);
    waiter->place = state_->waiters.emplace(std::move(name), waiter);
    return Ticket(std::move(waiter));
}

void Announcements::announce(const std::string& name) {
    std::vector<std::shared_ptr<Ticket::Waiter>> woken;
    {
        const std::scoped_lock lock(state_->mutex);
        const auto [first, last] = state_->waiters.equal_range(name);
        for (auto entry = first; entry != last; ++entry) {
            entry->second->announced = true;
            woken.push_back(std::move(entry->second));
        }
        state_->waiters.erase(first, last);
    }
    for (auto& waiter : woken) {
        const Executor executor = waiter->executor;
        asio::post(executor, [waiter = std::move(waiter)] {
            if (waiter->timer) waiter->timer->cancel();
        });
    }
}

Announcements::Ticket::Ticket(std::shared_ptr<Waiter> waiter) : waiter_(std::move(waiter)) {}
Announcements::Ticket::Ticket(Ticket&&) noexcept = default;

Announcements::Ticket::~Ticket() {
    if (!waiter_) return;
    const std::scoped_lock lock(waiter_->state->mutex);
    if (!waiter_->announced) waiter_->state->waiters.erase(waiter_->place);
}

Task<bool> Announcements::Ticket::wait(Milliseconds patience) {
    const auto waiter = waiter_;
    // The timer is set before the flag is read, and `announce` sets the flag before it cancels the
    // timer, on this executor. So no announcement is missed between the two.
    waiter->timer.emplace(waiter->executor, std::min(patience, longest_wait));
    boost::system::error_code error;
    if (!waiter->announced) {
        co_await waiter->timer->async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
    waiter->timer.reset();
    if (!waiter->announced && error) throw boost::system::system_error(error);
    co_return waiter->announced;
}

}  // namespace cairn::base
