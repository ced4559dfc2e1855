#include "ca/testing/event_loop.h"

#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace cairn::ca::testing {

struct EventLoop::Running {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
        context.get_executor()};
    std::thread thread{[this] { context.run(); }};
};

EventLoop::EventLoop() : running_(std::make_unique<Running>()) {}

EventLoop::~EventLoop() {
    running_->context.stop();
    running_->thread.join();
}

base::Executor EventLoop::executor() {
    return running_->context.get_executor();
}

}  // namespace cairn::ca::testing
