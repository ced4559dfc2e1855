#pragma once
// Private to the tests of ca, store, api and admin: a place where work waits until the test lets it
// go on.

#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <boost/asio/this_coro.hpp>

#include "base/task.h"

namespace cairn::ca::testing {

/// Waits, from a thread that runs no loop, until `condition` holds; false after ten seconds.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

/// Tasks pass it while it is open, and wait in it while it is closed. Thread-safe.
class Gate {
  public:
    void close() {
        const std::scoped_lock lock(mutex_);
        is_open_ = false;
    }
    void open() {
        {
            const std::scoped_lock lock(mutex_);
            is_open_ = true;
        }
        opened_.announce(name);
    }
    /// How many tasks wait in it.
    [[nodiscard]] int waiting() const {
        const std::scoped_lock lock(mutex_);
        return waiting_;
    }
    /// Whether a task comes to wait in it.
    [[nodiscard]] bool is_reached() const {
        return eventually([this] { return waiting() > 0; });
    }
    /// Throws std::runtime_error if nobody opens it.
    [[nodiscard]] base::Task<void> pass() {
        const base::Executor executor = co_await boost::asio::this_coro::executor;
        auto ticket = opened_.ticket(executor, name);
        if (enter()) co_return;
        const Place place(*this);
        const bool is_opened = co_await ticket.wait(patience);
        if (!is_opened) throw std::runtime_error("nobody opened the gate");
    }

  private:
    static constexpr const char* name = "open";
    static constexpr base::Milliseconds patience{20'000};

    /// Leaves also when the task is cancelled.
    struct Place {
        explicit Place(Gate& entered) : gate(entered) {}
        ~Place() {
            const std::scoped_lock lock(gate.mutex_);
            --gate.waiting_;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        Gate& gate;
    };
    /// True if it is open; else the caller is among those who wait.
    bool enter() {
        const std::scoped_lock lock(mutex_);
        if (!is_open_) ++waiting_;
        return is_open_;
    }

    mutable std::mutex mutex_;
    bool is_open_ = true;
    int waiting_ = 0;
    base::Announcements opened_;
};

}  // namespace cairn::ca::testing
