#include "ca/work/job_queue.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <unordered_set>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "base/shortage.h"
#include "ca/ports/repository.h"
#include "ca/ports/signer.h"

namespace cairn::ca {

namespace {

/// At most this many jobs are asked for at once.
constexpr std::size_t most_at_a_look = 2000;

}  // namespace

struct JobQueue::State : std::enable_shared_from_this<JobQueue::State> {
    State(Options queue_options, std::function<base::Executor()> executors, Run run_job,
          GiveUp end_job, Unfinished list, base::Log& queue_log, Observer& queue_observer)
        : options(std::move(queue_options)),
          next_executor(std::move(executors)),
          run(std::move(run_job)),
          give_up(std::move(end_job)),
          unfinished(std::move(list)),
          log(queue_log),
          observer(queue_observer),
          jobs(options.parallel, options.waiting),
          tasks([this](const std::exception_ptr&) { log.error("job task ended by an exception"); }),
          watchers([](const std::exception_ptr&) {}) {}

    // Starts the job if it may run now, else queues it, else leaves it to the store.
    Submission submit(QueuedJob job) {
        {
            const std::scoped_lock lock(mutex);
            if (stopping) return Submission::stopped;
            if (known.contains(job.id)) return Submission::known;
            auto id = job.id;
            const auto entry = jobs.enter(job);
            if (entry == FairQueue::Entry::owner_full || entry == FairQueue::Entry::full) {
                left_in_store = true;
                return entry == FairQueue::Entry::full ? Submission::full : Submission::owner_full;
            }
            known.insert(std::move(id));
            if (entry == FairQueue::Entry::waits) {
                observer.jobs_waiting(options.queue, 1);
                return Submission::taken;
            }
            count_running(1);
        }
        return spawn(std::move(job)) ? Submission::taken : Submission::stopped;
    }

    bool spawn(QueuedJob job) {
        const auto place = job.place ? *job.place : next_executor();
        if (tasks.spawn(place, work(shared_from_this(), job))) return true;
        const std::scoped_lock lock(mutex);
        jobs.end(job);
        count_running(-1);
        return false;
    }

    void count_running(std::ptrdiff_t change) { observer.jobs_running(options.queue, change); }

    using Ending = Observer::JobEnding;

    /// How one run ended, and whether and when the job runs again.
    struct Outcome {
        Ending ending = Ending::done;
        Again again{};
    };

    // The outcome of a job that an exception has ended.
    Outcome judged(const std::exception_ptr& exception, const QueuedJob& job) const {
        const auto tell = [&](std::string_view event, const char* error) {
            log.warning(event, {{"queue", options.name}, {"id", job.id}, {"error", error}});
        };
        const auto rest =
            std::min(options.longest_rest, options.first_rest * (1 << std::min(job.setbacks, 10)));
        if (const auto lacking = base::shortage_in(exception)) {
            tell("job waits for what the CA lacks", lacking->c_str());
            return {Ending::left, rest};
        }
        try {
            std::rethrow_exception(exception);
        } catch (const StoreFailure& error) {
            tell("job waits for the store", error.what());
            return {Ending::left};
        } catch (const SignerUnavailable& error) {
            tell("job waits for the signer", error.what());
            return {Ending::left};
        } catch (const boost::system::system_error& error) {
            if (error.code() == boost::asio::error::operation_aborted)
                return {Ending::left};  // cancelled: the queue stops
            log_failure(job, error.what());
        } catch (const std::exception& error) {
            log_failure(job, error.what());
        }
        return {Ending::broken};
    }
    void log_failure(const QueuedJob& job, const char* error) const {
        log.error("job failed", {{"queue", options.name}, {"id", job.id}, {"error", error}});
    }

    // Runs a job; how it ended.
    static base::Task<Outcome> outcome_of(State& self, const QueuedJob& job) {
        try {
            const auto again = co_await self.run(job.id);
            co_return Outcome{Ending::done, again};
        } catch (...) {
            co_return self.judged(std::current_exception(), job);
        }
    }
    static base::Task<Outcome> giving_up(State& self, const QueuedJob& job) {
        try {
            co_await self.give_up(job.id);
            co_return Outcome{};
        } catch (...) {
            co_return self.judged(std::current_exception(), job);
        }
    }

    static base::Task<Outcome> attempt(State& self, const QueuedJob& job) {
        const auto begun = std::chrono::steady_clock::now();
        auto outcome = co_await outcome_of(self, job);
        self.observer.job_ended(self.options.queue, outcome.ending,
                                std::chrono::steady_clock::now() - begun);
        if (outcome.ending == Ending::broken) {
            outcome = co_await giving_up(self, job);
            if (outcome.ending == Ending::broken) outcome.ending = Ending::left;
        }
        co_return outcome;
    }

    // Runs a job, then those that wait, so that a place is never idle.
    static base::Task<void> work(std::shared_ptr<State> self, QueuedJob job) {
        for (bool more = true; more;) {
            const auto outcome = co_await attempt(*self, job);
            std::vector<QueuedJob> others;
            {
                const std::scoped_lock lock(self->mutex);
                const bool rests = outcome.again && !self->stopping;
                if (rests) {
                    if (outcome.ending == Ending::left) ++job.setbacks;
                    self->jobs.rest(job);
                    self->observer.jobs_waiting(self->options.queue, 1);
                    self->begin_rest(std::move(job), *outcome.again);
                } else {
                    self->known.erase(job.id);
                    self->jobs.end(job);
                    self->left_in_store =
                        self->left_in_store || outcome.ending == Ending::left || outcome.again;
                }
                auto next = self->next();
                more = next.has_value();
                if (!more) self->count_running(-1);
                if (more) job = *std::move(next);
                // The end of one job may let several others run.
                while (more && (next = self->next())) {
                    self->count_running(1);
                    others.push_back(*std::move(next));
                }
            }
            for (auto& other : others) self->spawn(std::move(other));
        }
    }

    // The next job that may run. Under the lock.
    std::optional<QueuedJob> next() {
        if (stopping) return std::nullopt;
        auto job = jobs.next();
        if (job) observer.jobs_waiting(options.queue, -1);
        return job;
    }

    // Under the lock; `stop` ends rests.
    void begin_rest(QueuedJob job, base::Milliseconds pause) {
        watchers.spawn(next_executor(), rest(shared_from_this(), std::move(job), pause));
    }
    static base::Task<void> rest(std::shared_ptr<State> self, QueuedJob job,
                                 base::Milliseconds pause) {
        co_await base::sleep_for(pause);
        job.place.reset();
        std::vector<QueuedJob> ready;
        {
            const std::scoped_lock lock(self->mutex);
            if (self->stopping) co_return;
            self->jobs.resume(std::move(job));
            while (auto next = self->next()) {
                self->count_running(1);
                ready.push_back(*std::move(next));
            }
        }
        for (auto& next : ready) self->spawn(std::move(next));
    }

    // At the start, whenever something was left, and regularly, asks the store what there is to do.
    static base::Task<void> watch(std::shared_ptr<State> self) {
        base::Milliseconds since_look{0};
        for (;;) {
            bool look = false;
            std::size_t room = 0;
            {
                const std::scoped_lock lock(self->mutex);
                if (self->stopping) co_return;
                look = self->left_in_store || since_look >= self->options.regular_look;
                room = std::min(self->jobs.room(), most_at_a_look);
                if (look && room > 0) self->left_in_store = false;
            }
            since_look += self->options.recheck;
            if (look && room > 0) {
                since_look = base::Milliseconds(0);
                try {
                    auto found = co_await self->unfinished(room);
                    if (found.size() == room) {
                        const std::scoped_lock lock(self->mutex);
                        self->left_in_store = true;
                    }
                    for (auto& job : found) self->submit(std::move(job));
                } catch (const std::exception& error) {
                    self->log.error("listing jobs failed",
                                    {{"queue", self->options.name}, {"error", error.what()}});
                    const std::scoped_lock lock(self->mutex);
                    self->left_in_store = true;
                }
            }
            try {
                co_await base::sleep_for(self->options.recheck);
            } catch (const boost::system::system_error&) {
                co_return;  // cancelled: the queue stops
            }
        }
    }

    const Options options;
    const std::function<base::Executor()> next_executor;
    const Run run;
    const GiveUp give_up;
    const Unfinished unfinished;
    base::Log& log;
    Observer& observer;

    mutable std::mutex mutex;
    FairQueue jobs;
    std::unordered_set<std::string> known;
    bool left_in_store = true;
    bool stopping = false;

    base::TaskGroup tasks;
    base::TaskGroup watchers;
};

JobQueue::JobQueue(Options options, std::function<base::Executor()> next_executor, Run run,
                   GiveUp give_up, Unfinished unfinished, base::Log& log, Observer& observer)
    : state_(std::make_shared<State>(std::move(options), std::move(next_executor), std::move(run),
                                     std::move(give_up), std::move(unfinished), log, observer)) {}

JobQueue::~JobQueue() {
    stop(base::Milliseconds(0));
}

void JobQueue::start() {
    state_->watchers.spawn(state_->next_executor(), State::watch(state_));
}

JobQueue::Submission JobQueue::submit(QueuedJob job) {
    return state_->submit(std::move(job));
}

void JobQueue::stop(base::Milliseconds patience) {
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopping = true;
        state_->observer.jobs_waiting(state_->options.queue,
                                      -static_cast<std::ptrdiff_t>(state_->jobs.waiting()));
        state_->jobs.clear();
    }
    state_->watchers.close(base::Milliseconds(0));
    state_->tasks.close(patience);
}

std::size_t JobQueue::size() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->jobs.running() + state_->jobs.waiting();
}

}  // namespace cairn::ca
