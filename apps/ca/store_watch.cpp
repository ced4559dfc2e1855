#include "apps/ca/store_watch.h"

#include <boost/asio/this_coro.hpp>

namespace cairn::apps {

namespace {

constexpr const char* attempt_ended = "attempt";

}  // namespace

StoreWatch::StoreWatch(ca::Repository& repository, std::function<base::Executor()> next_executor)
    : repository_(repository),
      next_executor_(std::move(next_executor)),
      attempts_([](const std::exception_ptr&) {}) {}

base::Task<std::optional<std::string>> StoreWatch::failure(base::Milliseconds patience) {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto ticket = announcements_.ticket(executor, attempt_ended);
    begin();
    if (!co_await ticket.wait(patience)) {
        const std::scoped_lock lock(mutex_);
        last_failure_ = "it has not answered for " + std::to_string(patience.count()) + " ms";
        co_return last_failure_;
    }
    co_return last_failure();
}

std::optional<std::string> StoreWatch::last_failure() const {
    const std::scoped_lock lock(mutex_);
    return last_failure_;
}

void StoreWatch::begin() {
    {
        const std::scoped_lock lock(mutex_);
        if (is_under_way_) return;
        is_under_way_ = true;
    }
    if (attempts_.spawn(next_executor_(), attempt())) return;
    const std::scoped_lock lock(mutex_);
    is_under_way_ = false;
}

base::Task<void> StoreWatch::attempt() {
    std::optional<std::string> found;
    try {
        co_await repository_.probe();
    } catch (const std::exception& error) {
        found = error.what();
    }
    {
        const std::scoped_lock lock(mutex_);
        last_failure_ = std::move(found);
        is_under_way_ = false;
    }
    announcements_.announce(attempt_ended);
}

}  // namespace cairn::apps
