#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace cairn::client {

/// Moves a state to another folder, and leaves links, so that the paths that servers, timers and
/// programs know lead to it. What a former version kept beside the state (settings, credentials,
/// programs) stays.
///
/// At every moment one of the two places is complete: the state is copied to a folder beside the
/// new place, which then appears by one rename; after that each folder of the old place is replaced
/// by a link in one step, and the old files go last. A move that was interrupted is gone on with by
/// the next one. All functions throw Failure.
class StateMove {
  public:
    StateMove(std::filesystem::path from, std::filesystem::path to);

    /// True if nothing is left to move: what is in the old place are links to the new one.
    [[nodiscard]] bool is_done() const;
    /// Does all that is left. Nobody may work on either place meanwhile; who is found to do so
    /// makes it fail.
    void run();

    /// The steps of `run`, for tests of a death between them: takes the next one; false if none is
    /// left.
    bool take_step();

  private:
    /// What tells that a file is as it was: its size and when it was changed (nanoseconds).
    using Snapshot = std::map<std::string, std::pair<std::uintmax_t, std::int64_t>>;

    [[nodiscard]] bool has_appeared() const;
    [[nodiscard]] std::filesystem::path staging() const;
    [[nodiscard]] std::filesystem::path marker() const;
    [[nodiscard]] std::filesystem::path aside(const std::string& name) const;
    /// What of the state is in the old place: folders, and links that lead elsewhere.
    [[nodiscard]] std::vector<std::string> entries() const;
    /// The files of the state that are in no folder. They are replaced whole, and links with them,
    /// so they get none.
    [[nodiscard]] std::vector<std::string> files() const;
    [[nodiscard]] std::vector<std::string> leftovers() const;
    [[nodiscard]] Snapshot snapshot() const;
    void require_possible() const;
    void require_idle() const;
    void copy();
    void appear() const;
    void clear_leftovers() const;

    std::filesystem::path from_, to_;
};

}  // namespace cairn::client
