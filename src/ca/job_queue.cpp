#include "ca/job_queue.h"

#include <chrono>
#include <deque>
#include <mutex>
#include <unordered_set>

#include <boost/asio/awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "ca/repository.h"
#include "ca/signer.h"

namespace cairn::ca {

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
          tasks([this](const std::exception_ptr&) { log.error("job task ended by an exception"); }),
          watchers([](const std::exception_ptr&) {}) {}

    struct Job {
        std::string id;
        std::optional<base::Executor> place{};
    };

    // Starts the job if there is room, else lets it wait, else leaves it to the store.
    bool submit(Job job) {
        {
            const std::scoped_lock lock(mutex);
            if (stopping || known.contains(job.id)) return false;
            if (running >= options.parallel) {
                if (waiting.size() >= options.waiting) {
                    left_in_store = true;
                    return false;
                }
                known.insert(job.id);
                waiting.push_back(std::move(job));
                observer.jobs_waiting(options.queue, 1);
                return true;
            }
            known.insert(job.id);
            count_running(1);
        }
        return spawn(std::move(job));
    }

    bool spawn(Job job) {
        const auto place = job.place ? *job.place : next_executor();
        if (tasks.spawn(place, work(shared_from_this(), std::move(job)))) return true;
        const std::scoped_lock lock(mutex);
        count_running(-1);
        return false;
    }

    void count_running(std::ptrdiff_t change) {
        running += static_cast<std::size_t>(change);
        observer.jobs_running(options.queue, change);
    }

    using Ending = Observer::JobEnding;

    // Runs a job or the giving up of one, and says how that ended.
    static base::Task<Ending> ending_of(State& self, base::Task<void> task, const std::string& id) {
        try {
            co_await std::move(task);
            co_return Ending::done;
        } catch (const StoreFailure& error) {
            self.log.warning("job waits for the store",
                             {{"queue", self.options.name}, {"id", id}, {"error", error.what()}});
            co_return Ending::left;
        } catch (const SignerUnavailable& error) {
            self.log.warning("job waits for the signer",
                             {{"queue", self.options.name}, {"id", id}, {"error", error.what()}});
            co_return Ending::left;
        } catch (const boost::system::system_error&) {
            co_return Ending::left;  // cancelled: the queue stops
        } catch (const std::exception& error) {
            self.log.error("job failed",
                           {{"queue", self.options.name}, {"id", id}, {"error", error.what()}});
            co_return Ending::broken;
        }
    }

    // True if the job has to be run again later.
    static base::Task<bool> attempt(State& self, const Job& job) {
        const auto begun = std::chrono::steady_clock::now();
        const auto& id = job.id;
        const auto ending = co_await ending_of(self, self.run(id), id);
        self.observer.job_ended(self.options.queue, ending,
                                std::chrono::steady_clock::now() - begun);
        if (ending != Ending::broken) co_return ending == Ending::left;
        co_return co_await ending_of(self, self.give_up(id), id) != Ending::done;
    }

    // Runs a job, then those that wait, so that a place is never idle.
    static base::Task<void> work(std::shared_ptr<State> self, Job job) {
        for (bool more = true; more;) {
            const bool left = co_await attempt(*self, job);
            const std::scoped_lock lock(self->mutex);
            self->known.erase(job.id);
            self->left_in_store = self->left_in_store || left;
            more = !self->waiting.empty() && !self->stopping;
            if (more) {
                job = std::move(self->waiting.front());
                self->waiting.pop_front();
                self->observer.jobs_waiting(self->options.queue, -1);
            } else {
                self->count_running(-1);
            }
        }
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
                room = self->options.waiting - self->waiting.size();
                if (look && room > 0) self->left_in_store = false;
            }
            since_look += self->options.recheck;
            if (look && room > 0) {
                since_look = base::Milliseconds(0);
                try {
                    auto ids = co_await self->unfinished(room);
                    if (ids.size() == room) {
                        const std::scoped_lock lock(self->mutex);
                        self->left_in_store = true;
                    }
                    for (auto& id : ids) self->submit({.id = std::move(id)});
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
    std::deque<Job> waiting;
    std::unordered_set<std::string> known;
    std::size_t running = 0;
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

bool JobQueue::submit(std::string id, std::optional<base::Executor> place) {
    return state_->submit({.id = std::move(id), .place = std::move(place)});
}

void JobQueue::stop(base::Milliseconds patience) {
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopping = true;
        state_->observer.jobs_waiting(state_->options.queue, -std::ssize(state_->waiting));
        state_->waiting.clear();
    }
    state_->watchers.close(base::Milliseconds(0));
    state_->tasks.close(patience);
}

std::size_t JobQueue::size() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->running + state_->waiting.size();
}

}  // namespace cairn::ca
