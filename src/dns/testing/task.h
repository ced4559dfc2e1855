#pragma once
// Private to the tests of dns: tasks run to their end.

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "base/task.h"

namespace cairn::dns {

/// Runs `task` to its end on an event loop of its own.
template <class T>
T result_of(base::Task<T> task) {
    boost::asio::io_context context;
    auto future = boost::asio::co_spawn(context, std::move(task), boost::asio::use_future);
    context.run();
    return future.get();
}

}  // namespace cairn::dns
