#include "va/testing/event_loop.h"

#include <stdexcept>

namespace cairn::va::testing {

void EventLoop::run_until(const std::function<bool()>& condition) {
    context_.restart();
    while (!condition()) {
        if (context_.run_one() == 0) throw std::logic_error("nothing is left to wait for");
    }
}

}  // namespace cairn::va::testing
