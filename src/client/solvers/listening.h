#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/failure.h"
#include "client/solver.h"
#include "client/state_directory.h"

namespace cairn::client {

/// Where a solver with a server of its own listens.
struct Listening {
    /// "0.0.0.0:80"; this one must succeed.
    std::string address;
    /// "[::]:80"; this one is left out where there is no IPv6. Empty if an address was named.
    std::string ipv6_address;

    /// Reads "ADDR:PORT", IPv6 in brackets; empty text means `port` of every address.
    [[nodiscard]] static base::Result<Listening> from_text(std::string_view text,
                                                           std::uint16_t port);
    /// What was read: empty for every address.
    [[nodiscard]] std::string to_string() const;
};

/// The right of one run to listen at an address. Other runs with the same state wait for it
/// instead of finding the port taken. Where there is no state folder nobody waits.
class ListeningTurn {
  public:
    ListeningTurn(const Listening& listening, const SolverContext& context);

    /// Waits for it, unless this run has it. Throws Failure if others have it all the time.
    void take();
    void end() { lock_.reset(); }
    /// Calls `look`, which tries to listen there for a moment: as this run's turn, so that no other
    /// one finds the port taken by it. Not where another run listens now, which will end soon.
    void look(const std::function<void()>& look) const;

  private:
    std::string address_;
    std::filesystem::path state_folder_;
    Timer& timer_;
    std::optional<StateLock> lock_{};
};

/// The failure of a solver that cannot listen, because of `reason`.
[[nodiscard]] Failure cannot_listen(std::string_view address, std::string_view reason);

}  // namespace cairn::client
