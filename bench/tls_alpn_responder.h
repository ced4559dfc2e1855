#pragma once

#include <memory>

#include "bench/challenge_board.h"
#include "net/event_loops.h"

namespace cairn::bench {

/// A TLS server on a free port of the loopback that speaks acme-tls/1 alone and shows the
/// certificates of a board (RFC 8737 section 3).
class TlsAlpnResponder {
  public:
    TlsAlpnResponder(const base::Executor& executor, const ChallengeBoard& board);
    /// Closes; the executor's loop must still run or be gone.
    ~TlsAlpnResponder();
    TlsAlpnResponder(const TlsAlpnResponder&) = delete;
    TlsAlpnResponder& operator=(const TlsAlpnResponder&) = delete;
    [[nodiscard]] unsigned port() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::bench
