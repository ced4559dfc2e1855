#include "net/event_loops.h"

#include <atomic>
#include <new>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace cairn::net {
namespace asio = boost::asio;

namespace {

void run(asio::io_context& context) {
    for (;;) {
        try {
            context.run();
            return;
        } catch (const std::bad_alloc&) {
            // Only the task that found no memory has ended; the others go on.
        }
    }
}

struct EventLoop {
    asio::io_context context{1};  // the hint: one thread runs it
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::jthread thread;
};

}  // namespace

struct EventLoops::State {
    explicit State(std::size_t count) : loops(count) {}
    std::vector<EventLoop> loops;
    std::atomic<std::size_t> turn = 0;
};

EventLoops::EventLoops(std::size_t count) : state_(std::make_unique<State>(count)) {
    for (EventLoop& loop : state_->loops) {
        loop.thread = std::jthread([&context = loop.context] { run(context); });
    }
}

EventLoops::~EventLoops() {
    for (EventLoop& loop : state_->loops) loop.context.stop();
    // All threads end before the first context is destroyed: its handlers may refer to another
    // loop.
    for (EventLoop& loop : state_->loops) loop.thread.join();
}

std::size_t EventLoops::count() const {
    return state_->loops.size();
}

base::Executor EventLoops::executor(std::size_t index) const {
    return state_->loops.at(index).context.get_executor();
}

base::Executor EventLoops::next() {
    return executor(state_->turn.fetch_add(1, std::memory_order_relaxed) % count());
}

}  // namespace cairn::net
