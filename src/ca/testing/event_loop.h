#pragma once
// Private to the tests of ca, store and api: a thread that runs the work while the test looks on.

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "base/task.h"

namespace cairn::ca::testing {

/// One thread that runs tasks. It outlives whatever has tasks on it.
class EventLoop {
  public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    [[nodiscard]] base::Executor executor();

    /// Starts `task`; the test may look for its end later.
    template <class T>
    [[nodiscard]] std::future<T> start(base::Task<T> task) {
        auto promise = std::make_shared<std::promise<T>>();
        auto future = promise->get_future();
        base::start(executor(), keep(promise, std::move(task)),
                    [promise](std::exception_ptr error) {
                        if (error) promise->set_exception(std::move(error));
                    });
        return future;
    }
    /// What `started` results in, or throws. Throws std::runtime_error if it does not end.
    template <class T>
    static T result(std::future<T> started) {
        if (started.wait_for(patience) != std::future_status::ready)
            throw std::runtime_error("the task does not end");
        return started.get();
    }
    /// Both together.
    template <class T>
    T await(base::Task<T> task) {
        return result(start(std::move(task)));
    }

  private:
    static constexpr std::chrono::seconds patience{20};

    template <class T>
    static base::Task<void> keep(std::shared_ptr<std::promise<T>> promise, base::Task<T> task) {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(task);
            promise->set_value();
        } else {
            promise->set_value(co_await std::move(task));
        }
    }

    struct Running;
    std::unique_ptr<Running> running_;
};

}  // namespace cairn::ca::testing
