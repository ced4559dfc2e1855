#include "store/sqlite/abrupt_end.h"

#include <chrono>
#include <future>
#include <iostream>
#include <memory>
#include <thread>

#include <unistd.h>

namespace cairn::store {
namespace {

constexpr std::chrono::seconds patience{2};

}  // namespace

void end_abruptly(base::Log& log, const std::string& reason) {
    std::promise<void> said;
    const auto is_said = said.get_future();
    // The log may be on the disk that failed, and standard error a pipe that nobody reads.
    std::thread([&] {
        std::cerr << "cairn-ca: ends at once, since what is on the disk is not known: " + reason +
                         "\n"
                  << std::flush;
        log.error("store outcome unknown",
                  {{"reason", reason}, {"action", "this process ends; the next one recovers"}});
        log.flush();
        said.set_value();
    }).detach();
    is_said.wait_for(patience);
    ::_exit(abrupt_end_code);
}

}  // namespace cairn::store
