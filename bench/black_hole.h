#pragma once

#include <string>
#include <vector>

namespace cairn::bench {

/// An address of the loopback that no connection to is ever made: its listener takes none, and its
/// queue is full, so that the system drops every SYN, as where no host is. Whoever connects repeats
/// it until he gives up.
class BlackHole {
  public:
    /// Throws std::runtime_error if the address is taken, or connections are made nevertheless.
    BlackHole(const std::string& address, unsigned port);
    ~BlackHole();
    BlackHole(const BlackHole&) = delete;
    BlackHole& operator=(const BlackHole&) = delete;

  private:
    void close();
    /// The listener, then what fills its queue.
    std::vector<int> sockets_;
};

}  // namespace cairn::bench
