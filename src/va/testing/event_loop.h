#pragma once
// Private to the tests of va: one thread runs the validation and the peers that it talks to.

#include <exception>
#include <functional>
#include <optional>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include "base/task.h"

namespace cairn::va::testing {

/// An event loop that runs as long as somebody waits for a task on it.
class EventLoop {
  public:
    [[nodiscard]] boost::asio::io_context& context() { return context_; }

    /// Runs the loop until `task` ends; throws what it throws.
    template <class T>
    T run(base::Task<T> task) {
        std::optional<T> result;
        std::exception_ptr failure;
        bool done = false;
        const auto work = [&]() -> base::Task<void> { result.emplace(co_await std::move(task)); };
        base::start(
            context_.get_executor(), work(),
            [&](std::exception_ptr error) {
                failure = error;
                done = true;
            },
            cancellation_.slot());
        run_until([&] { return done; });
        if (failure) std::rethrow_exception(failure);
        return std::move(*result);
    }
    /// Runs the loop until `condition` holds; throws if there is nothing left to run.
    void run_until(const std::function<bool()>& condition);
    /// Cancels the task that is running in `run`.
    void cancel() { cancellation_.emit(boost::asio::cancellation_type::all); }

  private:
    boost::asio::io_context context_;
    boost::asio::cancellation_signal cancellation_;
};

}  // namespace cairn::va::testing
