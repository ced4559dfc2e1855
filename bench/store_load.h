#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "ca/ports/repository.h"

namespace cairn::bench {

/// What issuing through a store cost.
struct StoreCost {
    long certificates = 0;
    double seconds = 0;
    double cpu_seconds = 0;  ///< of the whole process; making what is stored is a small part of it
    double syncs = 0;        ///< calls of fdatasync by this process
    double written_octets = 0;
    double resident_mebibytes = 0;
    double open_seconds = 0;              ///< from nothing to the first answer
    std::vector<double> write_latencies;  ///< of each call that writes, milliseconds, sorted
    std::vector<double> order_latencies;  ///< of all calls of one order, milliseconds, sorted
};

/// Opens a store whose calls are made on these executors.
using OpenStore = std::function<std::unique_ptr<ca::Repository>(
    const std::vector<base::Executor>& executors, base::Log& log)>;

/// Opens a store and lets `clients` clients, each with an account of its own, order
/// `certificates` in all: the calls that the CA makes of its store for one order with one name by
/// http-01, in their order. Validation and signing take no time here.
[[nodiscard]] StoreCost load_store(const OpenStore& open, std::size_t clients, long certificates);

}  // namespace cairn::bench
