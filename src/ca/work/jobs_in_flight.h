#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/task.h"

namespace cairn::ca {

/// Work that a request of this process began and a job carries out, by the id of its object. The
/// job is handed the `Facts` that the request had read, and the request the `Result` that the job
/// wrote, so that neither asks the store for what the other knows. A job that another process, or
/// this one before a restart, began is none of these: it stands on the store alone. Thread-safe.
template <class Id, class Facts, class Result>
class JobsInFlight {
  public:
    using Moment = std::chrono::steady_clock::time_point;

    struct JobInFlight {
        const Facts facts;

        JobInFlight(Facts known, Moment since) : facts(std::move(known)), known_since_(since) {}
        /// Whether the facts are so young that they stand for what the store has. A job that had to
        /// wait asks anew whatever may have changed.
        [[nodiscard]] bool is_fresh() const {
            return known_since_ > std::chrono::steady_clock::now() - freshness;
        }

      private:
        friend class JobsInFlight;
        const Moment known_since_;
        std::optional<Result> result_;
    };
    /// Readable for who holds it, also after it has ended. Null: none that is known here.
    using Handle = std::shared_ptr<JobInFlight>;

    explicit JobsInFlight(base::Announcements& announcements) : announcements_(announcements) {}

    struct Beginning {
        Handle job;
        bool is_new;  ///< false: it was under way already, with the facts of whoever began it
    };
    /// The facts are not older than `known_since`.
    Beginning begin(const Id& id, Facts facts, Moment known_since) {
        auto fresh = std::make_shared<JobInFlight>(std::move(facts), known_since);
        const std::scoped_lock lock(mutex_);
        const auto [entry, is_new] = under_way_.emplace(id, std::move(fresh));
        return {entry->second, is_new};
    }

    /// How many jobs have ended that were not in flight here: they were found in the store.
    [[nodiscard]] std::uint64_t foreign_endings() const {
        const std::scoped_lock lock(mutex_);
        return foreign_endings_;
    }
    /// Begins what the store has as a job since a write that came after `foreign_endings` were
    /// counted. Null if a job that was found in the store has ended meanwhile: it may have been
    /// this very one, and then the facts are past.
    [[nodiscard]] Handle begin_written(const Id& id, Facts facts, Moment known_since,
                                       std::uint64_t foreign_endings) {
        auto fresh = std::make_shared<JobInFlight>(std::move(facts), known_since);
        const std::scoped_lock lock(mutex_);
        if (foreign_endings != foreign_endings_) return nullptr;
        return under_way_.emplace(id, std::move(fresh)).first->second;
    }

    /// The job that is under way for this object.
    [[nodiscard]] Handle find(const Id& id) const {
        const std::scoped_lock lock(mutex_);
        const auto entry = under_way_.find(id);
        return entry == under_way_.end() ? nullptr : entry->second;
    }
    /// What the job wrote. Nothing while it has not ended, and if it ended without that.
    [[nodiscard]] std::optional<Result> result_of(const Handle& job) const {
        if (!job) return std::nullopt;
        const std::scoped_lock lock(mutex_);
        return job->result_;
    }
    /// Ends what no job carries out.
    void withdraw(const Id& id) {
        const std::scoped_lock lock(mutex_);
        under_way_.erase(id);
    }

    /// A job at work. However it ends, its object is no longer under way here. Whoever waits for
    /// that, under the object's id, is told, unless an exception ends it: then it is tried again,
    /// or somebody will say that it was given up.
    class Job {
      public:
        Job(JobsInFlight& jobs, Id id) : jobs_(jobs), id_(std::move(id)) {}
        ~Job() {
            jobs_.end(id_, std::move(result_));
            if (std::uncaught_exceptions() == 0) jobs_.announcements_.announce(id_.to_string());
        }
        Job(const Job&) = delete;
        Job& operator=(const Job&) = delete;

        void set_result(Result result) { result_ = std::move(result); }

      private:
        JobsInFlight& jobs_;
        Id id_;
        std::optional<Result> result_;
    };

  private:
    static constexpr std::chrono::seconds freshness{2};

    void end(const Id& id, std::optional<Result> result) {
        const std::scoped_lock lock(mutex_);
        const auto entry = under_way_.find(id);
        if (entry == under_way_.end()) {
            ++foreign_endings_;
            return;
        }
        entry->second->result_ = std::move(result);
        under_way_.erase(entry);
    }

    base::Announcements& announcements_;
    mutable std::mutex mutex_;
    std::map<Id, Handle> under_way_;
    std::uint64_t foreign_endings_ = 0;
};

}  // namespace cairn::ca
