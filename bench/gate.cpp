#include "bench/gate.h"

#include <chrono>
#include <stdexcept>

#include <boost/asio/this_coro.hpp>

namespace cairn::bench {

namespace {

constexpr base::Milliseconds patience{60000};

}  // namespace

base::Task<Gate::Passage> Gate::enter(Company company) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    const auto wait_alone = [this, company](std::ptrdiff_t change) {
        const std::scoped_lock lock(mutex_);
        if (company == Company::alone) alone_waiting_ += static_cast<std::size_t>(change);
    };
    wait_alone(1);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        auto ticket = left_.ticket(executor, "left");
        if (try_enter(company)) {
            wait_alone(-1);
            co_return Passage(*this, company);
        }
        const bool announced = co_await ticket.wait(patience);
        if (!announced || std::chrono::steady_clock::now() > deadline) {
            wait_alone(-1);
            left_.announce("left");
            throw std::runtime_error("waited a minute for other clients' requests");
        }
    }
}

bool Gate::try_enter(Company company) {
    const std::scoped_lock lock(mutex_);
    if (alone_inside_) return false;
    if (company == Company::alone) {
        if (others_inside_ > 0) return false;
        alone_inside_ = true;
        return true;
    }
    if (alone_waiting_ > 0) return false;
    ++others_inside_;
    return true;
}

void Gate::leave(Company company) {
    {
        const std::scoped_lock lock(mutex_);
        if (company == Company::alone)
            alone_inside_ = false;
        else
            --others_inside_;
    }
    left_.announce("left");
}

}  // namespace cairn::bench
