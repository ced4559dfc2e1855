#include "store/postgres/pool.h"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "ca/ports/repository.h"

namespace cairn::store {
namespace asio = boost::asio;

namespace {

/// How long a request waits for a connection, repetitions included.
constexpr base::Milliseconds connection_patience{5000};
constexpr int most_connection_attempts = 10;

bool is_any_of(std::string_view sqlstate, std::initializer_list<std::string_view> states) {
    return std::ranges::find(states, sqlstate) != states.end();
}

/// Errors after which the session is of no more use: the server became a standby, or its prepared
/// statements are gone or refer to a changed table.
bool spoils_session(const PostgresCall& call) {
    return call.ending == Ending::refused &&
           is_any_of(call.sqlstate, {"25006", "26000", "42P05", "0A000"});
}

/// Whether the same statement may be sent again without the risk of happening twice.
bool may_repeat(const PostgresCall& call) {
    if (call.ending == Ending::not_sent || call.ending == Ending::undone) return true;
    if (call.ending == Ending::lost) return call.statement.effect == Statement::Effect::repeatable;
    // Rolled back, as the answer to Sync has confirmed: serialization failure, deadlock, or the
    // session's fault.
    return is_any_of(call.sqlstate, {"40001", "40P01"}) || spoils_session(call);
}

/// What has its cause in the state of the server, not in the statement.
bool is_outage(std::string_view sqlstate) {
    // Connection, resources (disk full), operator's intervention (deadline), system, read-only;
    // lock not available.
    for (const auto* kind : {"08", "25", "26", "40", "53", "57", "58"})
        if (sqlstate.starts_with(kind)) return true;
    return sqlstate == "55P03" || sqlstate == "42P05" || sqlstate.empty();
}

base::Milliseconds pause_before(int attempt) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const int most = std::min(10 << attempt, 500);
    return base::Milliseconds(std::uniform_int_distribution(most / 2, most)(random));
}

base::Task<Answer> attempts(PostgresPipeline& pipeline, const Statement& statement,
                            std::shared_ptr<const Parameters> parameters) {
    const auto deadline = std::chrono::steady_clock::now() + connection_patience;
    auto transaction = statement.transaction;
    bool was_answer_lost = false;
    for (int attempt = 1;; ++attempt) {
        const auto call = co_await pipeline.perform(statement, transaction, parameters, deadline);
        if (call->ending == Ending::answered) {
            if (was_answer_lost) call->answer.set_follows_lost_answer();
            co_return std::move(call->answer);
        }
        was_answer_lost = was_answer_lost || call->ending == Ending::lost;
        if (spoils_session(*call)) pipeline.reconnect(call->message);
        const bool is_late =
            attempt == most_connection_attempts || std::chrono::steady_clock::now() >= deadline;
        if (is_late || !may_repeat(*call)) {
            const auto what = std::string(statement.name) + ": " + call->message;
            if (call->ending == Ending::refused && !is_outage(call->sqlstate))
                throw StatementRefused(call->sqlstate, what, was_answer_lost);
            const bool is_write = statement.transaction == Statement::Transaction::own;
            if (was_answer_lost && is_write) throw ca::OutcomeUnknown(what);
            throw ca::StoreUnavailable(what);
        }
        // An error of one call must not fail the transaction of another call twice.
        transaction = Statement::Transaction::own;
        co_await base::sleep_for(pause_before(attempt));
    }
}

}  // namespace

PostgresPool::PostgresPool(const PostgresSessions& sessions, Options options,
                           const std::vector<base::Executor>& executors, base::Log& log) {
    PipelineOptions pipeline;
    pipeline.connections = options.connections;
    pipeline.connect = [sessions] { return sessions.open(); };
    pipeline.observer = options.observer;
    for (const auto& executor : executors)
        pipelines_.push_back(
            std::make_unique<PostgresPipeline>(executor, pipeline, connectors_, log));

    pipeline.connections = 1;
    pipeline.observer = &ca::deaf_observer();
    pipeline.on_notice = std::move(options.on_notice);
    if (!options.channel.empty()) {
        pipeline.connect = [sessions, channel = options.channel] {
            auto session = sessions.open();
            run_script(session.get(), "LISTEN " + channel);
            return session;
        };
    }
    background_ = std::make_unique<PostgresPipeline>(executors.front(), pipeline, connectors_, log);
}

void PostgresPool::start() {
    for (const auto& each : pipelines_) each->start();
    background_->start();
}

PostgresPool::~PostgresPool() {
    stop();
}

void PostgresPool::stop() {
    for (const auto& pipeline : pipelines_) pipeline->stop();
    background_->stop();
}

base::Task<Answer> PostgresPool::call(const Statement& statement, Parameters parameters) {
    const auto executor = co_await asio::this_coro::executor;
    const auto own = std::ranges::find(pipelines_, executor, &PostgresPipeline::executor);
    auto& pipeline =
        own != pipelines_.end()
            ? **own
            : *pipelines_[turn_.fetch_add(1, std::memory_order_relaxed) % pipelines_.size()];
    co_return co_await call_on(pipeline, statement, std::move(parameters));
}

base::Task<Answer> PostgresPool::call_in_background(const Statement& statement,
                                                    Parameters parameters) {
    return call_on(*background_, statement, std::move(parameters));
}

base::Task<Answer> PostgresPool::call_on(PostgresPipeline& pipeline, const Statement& statement,
                                         Parameters parameters) {
    const auto executor = co_await asio::this_coro::executor;
    auto shared = std::make_shared<const Parameters>(std::move(parameters));
    auto task = attempts(pipeline, statement, std::move(shared));
    if (executor == pipeline.executor()) co_return co_await std::move(task);
    co_return co_await asio::co_spawn(pipeline.executor(), std::move(task), uncancelled());
}

}  // namespace cairn::store
