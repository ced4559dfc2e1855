#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/apache/challenge_lines.h"
#include "client/apache/place.h"
#include "client/apache/server.h"
#include "client/failure.h"
#include "client/state_directory.h"
#include "client/timer.h"

namespace cairn::client::apache {

/// Who may change the configuration of this Apache now: one among all runs of one state. Waits for
/// the others. Throws Failure.
[[nodiscard]] StateLock lock_configuration(const std::filesystem::path& state_folder,
                                           const Place& place, Timer& timer);

/// Has an Apache that runs answer challenges, by lines in its configuration that go away again. A
/// record in the state says what was changed, so that another run can undo it after a kill. Not
/// thread-safe.
class ChallengeServer {
  public:
    ChallengeServer(Place place, std::filesystem::path state_folder, Timer& timer)
        : place_(std::move(place)), state_folder_(std::move(state_folder)), timer_(timer) {}

    /// What would stand in the way of `answer` now: no Apache, one that does not run, a
    /// configuration that cannot be read, the port, modules. Changes nothing.
    [[nodiscard]] std::optional<Failure> obstacle();

    /// Has it answer just these, at least one, and tells it to read its configuration again. Throws
    /// Failure, with everything as it was before.
    void answer(const std::vector<ChallengeAnswer>& answers);
    /// Waits until the answer is seen from this machine, at every address at which the name is
    /// answered. Throws Failure, with what is seen in its place.
    void wait_until_seen(const ChallengeAnswer& answer);
    /// Puts the configuration back, if it was changed, and has the server read it. Also for what a
    /// run has left that died. Throws Failure.
    void restore();

  private:
    [[nodiscard]] std::filesystem::path journal() const;
    void put_back();
    void have_it_read();
    void release();
    Place place_;
    std::filesystem::path state_folder_;
    Timer& timer_;
    std::optional<StateLock> lock_;
    /// Of the run in which it was found.
    std::optional<Server> server_;
    /// The server has read a configuration with lines of ours since.
    bool has_read_lines_ = false;
};

}  // namespace cairn::client::apache
