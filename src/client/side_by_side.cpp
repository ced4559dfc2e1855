#include "client/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace cairn::client {

void side_by_side(std::size_t count, std::size_t limit,
                  const std::function<void(std::size_t)>& work) {
    if (count == 1) {
        work(0);
        return;
    }
    std::vector<std::exception_ptr> faults(count);
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> has_failed = false;
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < std::min(count, limit); ++i)
            threads.emplace_back([&] {
                for (auto number = next++; number < count && !has_failed; number = next++) {
                    try {
                        work(number);
                    } catch (...) {
                        faults[number] = std::current_exception();
                        has_failed = true;
                    }
                }
            });
    }
    for (const auto& fault : faults)
        if (fault) std::rethrow_exception(fault);
}

}  // namespace cairn::client
