#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/task.h"
#include "bench/challenge_board.h"
#include "bench/crypto_floor.h"
#include "bench/load_clock.h"
#include "protocol/directory.h"

namespace cairn::bench {

/// What the clients of a run have in common.
class LoadTarget {
  public:
    struct Options {
        unsigned port = 0;
        std::string root_file;
        Connections connections = Connections::kept;
        protocol::ChallengeType challenge = protocol::ChallengeType::http_01;
        std::size_t names = 1;
        /// No newOrder request meets another one or the reading of an authorization, of whatever
        /// client.
        bool orders_alone = false;
    };
    /// `clock` tells the latencies.
    LoadTarget(Options options, protocol::Directory directory, ChallengeBoard& board,
               const LoadClock& clock);
    ~LoadTarget();
    LoadTarget(const LoadTarget&) = delete;
    LoadTarget& operator=(const LoadTarget&) = delete;

  private:
    friend class LoadClient;
    struct State;
    std::unique_ptr<State> state_;
};

/// One simulated client with an account of its own: it orders, proves, finalizes and downloads as
/// fast as the CA answers. It polls at once; while nothing has changed it waits 1, 2, 4, ... 16
/// milliseconds before it asks again, so that a CA which does not hold its answers is not buried
/// in polls. Used from one executor.
class LoadClient {
  public:
    /// `target` outlives the client.
    LoadClient(LoadTarget& target, std::size_t number);
    ~LoadClient();

    /// Makes the account. Throws std::runtime_error if the CA refuses.
    [[nodiscard]] base::Task<void> register_account();
    /// Gets one certificate; how long it took, in milliseconds. Throws std::runtime_error, or
    /// boost::system::system_error if the connection breaks.
    [[nodiscard]] base::Task<double> obtain();
    /// Signed requests sent so far.
    [[nodiscard]] std::size_t requests() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::bench
