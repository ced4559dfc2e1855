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

/// Jobs in flight that a request of this process has begun, by the id of their object. The job is
/// handed the `Facts` that the request has read, and the request the `Result` that the job has
/// written, so that neither reads from the store what the other knows. Jobs that another process
/// began, or this one before a restart, are not here: they read everything from the store.
/// Thread-safe.
template <class Id, class Facts, class Result>
class JobsInFlight {
  public:
    using Moment = std::chrono::steady_clock::time_point;

    struct JobInFlight {
        const Facts facts;

        JobInFlight(Facts known, Moment since) : facts(std::move(known)), known_since_(since) {}
        /// Whether the facts are recent enough to be used instead of the store. A job that had to
        /// wait reads again what may have changed.
        [[nodiscard]] bool is_fresh() const {
            return known_since_ > std::chrono::steady_clock::now() - freshness;
        }

      private:
        friend class JobsInFlight;
        const Moment known_since_;
        std::optional<Result> result_;
    };
    /// Its holder can read it even after the job has ended. Null: no job in flight here.
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
    /// What the job has written. Nothing before its end, or if it ended without a result.
    [[nodiscard]] std::optional<Result> result_of(const Handle& job) const {
        if (!job) return std::nullopt;
        const std::scoped_lock lock(mutex_);
        return job->result_;
    }
    /// Removes an entry that no job carries out.
    void withdraw(const Id& id) {
        const std::scoped_lock lock(mutex_);
        under_way_.erase(id);
    }

    /// A running job. Its end removes the entry. Waiters under the object's id are woken, unless an
    /// exception ends the job: then it is retried, or whoever gives it up wakes them.
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
