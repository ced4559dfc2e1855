#pragma once
// Private to the tests of store: tasks run to their end.

#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/task.h"

namespace cairn::store::testing {

/// How a task ended. Void tasks have no value.
template <class T>
struct Outcome {
    std::optional<T> value;
    std::exception_ptr error;
};
template <>
struct Outcome<void> {
    std::exception_ptr error;
};

template <class T>
base::Task<void> keep_value(base::Task<T> task, Outcome<T>& outcome) {
    if constexpr (std::is_void_v<T>) {
        co_await std::move(task);
    } else {
        outcome.value.emplace(co_await std::move(task));
    }
}

/// Starts `task` on `executor`; `outcome` is set when the executor's context has run dry.
template <class T>
void start(const base::Executor& executor, base::Task<T> task, Outcome<T>& outcome) {
    base::start(executor, keep_value(std::move(task), outcome),
                [&outcome](std::exception_ptr error) { outcome.error = std::move(error); });
}

/// What `task` results in, or throws, when run on this thread.
template <class T>
T await(base::Task<T> task) {
    boost::asio::io_context context(1);
    Outcome<T> outcome;
    start(context.get_executor(), std::move(task), outcome);
    context.run();
    if (outcome.error) std::rethrow_exception(outcome.error);
    if constexpr (!std::is_void_v<T>) return *std::move(outcome.value);
}

/// How each of `tasks` ended, run at the same time on several threads.
template <class T>
std::vector<Outcome<T>> await_each(std::vector<base::Task<T>> tasks) {
    std::vector<Outcome<T>> outcomes(tasks.size());
    boost::asio::thread_pool threads(4);
    // They go after the threads: ThreadSanitizer does not see how Asio orders their last release.
    std::vector<base::Executor> strands;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        strands.emplace_back(boost::asio::make_strand(threads));
        start(strands.back(), std::move(tasks[i]), outcomes[i]);
    }
    threads.join();
    return outcomes;
}

/// The values of `tasks`, run at the same time on several threads. Throws if one of them threw.
template <class T>
std::vector<T> await_all(std::vector<base::Task<T>> tasks) {
    std::vector<T> values;
    for (auto& outcome : await_each(std::move(tasks))) {
        if (outcome.error) std::rethrow_exception(outcome.error);
        values.push_back(*std::move(outcome.value));
    }
    return values;
}

}  // namespace cairn::store::testing
