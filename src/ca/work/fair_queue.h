#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/task.h"

namespace cairn::ca {

/// What a queue knows of a job.
struct QueuedJob {
    std::string id;
    /// Whose job it is: places are shared among owners.
    std::string owner{};
    /// The target of the work: a registered domain, a network. Empty: none.
    std::string target{};
    /// Where it runs if it can run at once.
    std::optional<base::Executor> place{};
    /// How often it has ended because the CA itself lacked something.
    int setbacks = 0;
};

/// Decides which of many jobs run now, so that no owner's jobs delay those of others. Not
/// thread-safe.
///
/// An owner starts a job only while it has less than an eighth as many running as are still free,
/// and jobs for one target take no more than half of all places. So one owner fills a ninth of the
/// places, and twenty owners leave a tenth, which an owner with nothing running gets at once. A
/// free place goes to the owner with the fewest running jobs; among equals to the one that was
/// served longest ago. Places for waiting jobs are shared in the same way.
class FairQueue {
  public:
    /// How many jobs run at once, and how many wait.
    FairQueue(std::size_t places, std::size_t room) : places_(places), room_(room) {}

    enum class Entry {
        runs,        ///< the job is the caller's to run; `end` when it has ended
        waits,       ///< `next` will give it back
        owner_full,  ///< too many of the owner's jobs wait; it was not taken
        full,        ///< no room even for an owner without a waiting job; it was not taken
    };
    /// Takes `job` in if it can run now or wait.
    [[nodiscard]] Entry enter(QueuedJob& job);
    /// The next of those that wait which may run now; it is the caller's to run.
    [[nodiscard]] std::optional<QueuedJob> next();
    /// A job that ran has ended.
    void end(const QueuedJob& job);
    /// A job that ran will come back after a pause; until then it counts as waiting.
    void rest(const QueuedJob& job);
    /// The pause of such a job is over: it waits for a place.
    void resume(QueuedJob job);
    /// Drops all jobs that wait or pause.
    void clear();

    [[nodiscard]] std::size_t running() const { return running_; }
    /// Pausing jobs included.
    [[nodiscard]] std::size_t waiting() const { return waiting_; }
    [[nodiscard]] std::size_t room() const { return room_ - std::min(room_, waiting_); }

  private:
    struct Owner {
        std::size_t running = 0;
        std::size_t waiting = 0;  ///< in `line` or pausing
        std::uint64_t turn = 0;   ///< when it was served last
        std::deque<QueuedJob> line{};
    };
    using Owners = std::map<std::string, Owner>;
    /// Owners with a line, in the order in which they are served.
    struct Turn {
        std::size_t running;
        std::uint64_t turn;
        Owners::iterator owner;
        friend bool operator<(const Turn& left, const Turn& right) {
            if (left.running != right.running) return left.running < right.running;
            return left.turn < right.turn;
        }
    };

    [[nodiscard]] bool may_run(const Owner& owner, const QueuedJob& job) const;
    /// Changes what `turns_` is sorted by, or whether the owner is there at all.
    template <class Change>
    void change(Owners::iterator owner, Change make_change);
    void count_run(Owners::iterator owner, const QueuedJob& job);
    void drop_if_idle(Owners::iterator owner);

    const std::size_t places_, room_;
    std::size_t running_ = 0, waiting_ = 0;
    std::uint64_t turns_given_ = 0;
    Owners owners_;
    std::set<Turn> turns_;
    std::map<std::string, std::size_t> running_at_;  ///< by target
};

}  // namespace cairn::ca
