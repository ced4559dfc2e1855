#pragma once

#include <memory>

#include "bench/challenge_board.h"
#include "net/event_loops.h"

namespace cairn::bench {

/// Real servers on free ports of the loopback that answer challenges as a board says: HTTP, DNS,
/// and TLS with ALPN.
class Responders {
  public:
    /// HTTP and DNS answer after `delay`, as if they were that far away.
    explicit Responders(const ChallengeBoard& board,
                        base::Milliseconds delay = base::Milliseconds(0));
    ~Responders();
    Responders(const Responders&) = delete;
    Responders& operator=(const Responders&) = delete;

    [[nodiscard]] unsigned http_port() const;
    [[nodiscard]] unsigned dns_port() const;
    [[nodiscard]] unsigned tls_port() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::bench
