#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ca/ports/nonces.h"
#include "ca/ports/repository.h"
#include "ca/ports/request_checks.h"

namespace cairn::ca {

/// The state of the shared store and its nodes, as far as this node knows.
struct ClusterHealth {
    bool is_reachable = false;
    std::vector<std::string> nodes;            ///< names of those that are alive, this one first
    std::vector<std::string> differing_nodes;  ///< those whose configuration or issuers differ
};

/// The repository that several nodes share, and what they share beside the CA's facts.
class SharedRepository : public Repository {
  public:
    /// Nonces that are good at each node, once.
    [[nodiscard]] virtual Nonces& nonces() = 0;
    /// Checks of requests with such nonces.
    [[nodiscard]] virtual RequestChecks& checks() = 0;
    /// Tells the others what this node's configuration and issuers are, as a digest; those that
    /// differ are logged. Blocks; called from a thread that runs no loop.
    virtual void report_configuration(std::string digest) = 0;
    /// Tells the other nodes to read their configuration again.
    virtual void announce_reload() = 0;
    [[nodiscard]] virtual ClusterHealth health() const = 0;
    /// What the database's clock said when this machine was started, if neither was set since: with
    /// the time since then (base::time_since_boot), what it says now. To within half a second.
    [[nodiscard]] virtual std::chrono::sys_time<base::Milliseconds> clock_offset() const = 0;
};

}  // namespace cairn::ca
