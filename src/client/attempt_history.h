#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/failure.h"
#include "client/progress.h"
#include "client/state_directory.h"

namespace cairn::client {

/// What an attempt at a lineage is for.
enum class AttemptWork {
    issue,     ///< what a person asked for
    renew,     ///< what was due
    rehearse,  ///< a dry run, which leaves the lineage as it is
    deploy     ///< what was obtained before, to servers
};
/// "issue": as programs read it.
[[nodiscard]] std::string_view to_string(AttemptWork work);

/// How an attempt stands.
enum class AttemptState {
    running,
    succeeded,
    failed,
    interrupted  ///< the run was killed, or the machine stopped
};
[[nodiscard]] std::string_view to_string(AttemptState state);

/// Something that happened in an attempt.
struct AttemptStep {
    /// Since it began.
    std::chrono::milliseconds after{};
    ProgressEvent event;
};

/// One attempt at a lineage, as it is kept. It is read from a file of JSON lines: one that says
/// what it is, one for each step, and one that says how it ended.
struct RecordedAttempt {
    /// Names it among all attempts of the state: "20261130T084200Z-3f2a".
    std::string id;
    std::string lineage;
    AttemptWork work = AttemptWork::issue;
    base::Time started;
    AttemptState state = AttemptState::interrupted;
    /// How long it took, unless it is running or was interrupted.
    std::optional<std::chrono::milliseconds> took;
    std::vector<AttemptStep> steps;
    /// How many further steps were left out because there were so many.
    std::size_t left_out = 0;
    /// Why it failed.
    std::optional<Failure> failure;

    /// Reads the lines of one. What a later version may have added is left out; a last line that
    /// was cut off is, too.
    [[nodiscard]] static base::Result<RecordedAttempt> from_lines(std::string_view text);
    /// Reads it, and sees whether it is still running.
    [[nodiscard]] static base::Result<RecordedAttempt> read(const std::filesystem::path& file);
};

/// The attempts that are kept of the lineages of a state. Reads only. Thread-safe.
class AttemptHistory {
  public:
    /// Most attempts that are kept of a lineage, and most octets of one.
    static constexpr std::size_t max_attempts = 20;
    static constexpr std::size_t max_octets = std::size_t{256} << 10;

    explicit AttemptHistory(const StateDirectory& state) : state_(state) {}
    /// The ids of those of a lineage, the newest first. Throws Failure.
    [[nodiscard]] std::vector<std::string> ids(const LineageName& lineage) const;
    /// The file of one of them.
    [[nodiscard]] std::filesystem::path file(const LineageName& lineage, std::string_view id) const;
    /// The newest one of a lineage that can be read, if there is one.
    [[nodiscard]] std::optional<RecordedAttempt> newest(const LineageName& lineage) const;
    /// The one with this id, of whatever lineage. Throws Failure.
    [[nodiscard]] std::optional<RecordedAttempt> find(std::string_view id) const;
    /// Of all lineages, the newest that failed or was interrupted, rehearsals included; else the
    /// newest of all. Throws Failure.
    [[nodiscard]] std::optional<RecordedAttempt> newest_failure() const;

  private:
    const StateDirectory& state_;
};

}  // namespace cairn::client
