#pragma once
// Private to the tests of dns: tasks run to their end.

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "base/task.h"

namespace cairn::dns {

/// Runs `task` to its end on an event loop of its own.
template <class T>
T result_of(base::Task<T> task) {
    boost::asio::io_context context;
    std::optional<T> result;
    std::exception_ptr failure;
    const auto work = [&]() -> base::Task<void> { result.emplace(co_await std::move(task)); };
    base::start(context.get_executor(), work(),
                [&failure](std::exception_ptr error) { failure = std::move(error); });
    context.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
}

}  // namespace cairn::dns
