#include "store/postgres/pipeline.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "store/postgres/session.h"

namespace cairn::store {
namespace asio = boost::asio;

namespace {

constexpr base::Milliseconds first_pause{50};
constexpr base::Milliseconds longest_pause{2000};
/// Beyond the deadline, for what was sent before it: longer than `statement_timeout`.
constexpr base::Milliseconds answer_patience{5000};

/// Tells an observer of a writing call: that it is under way, and how it has ended.
class ToldWrite {
  public:
    ToldWrite(ca::Observer& observer, const PostgresCall& call) : observer_(observer), call_(call) {
        observer_.writes_waiting(1);
    }
    ~ToldWrite() {
        observer_.writes_waiting(-1);
        if (call_.ending == Ending::not_sent) return;
        using Commit = ca::Observer::Commit;
        observer_.committed(call_.ending == Ending::answered ? Commit::durable : Commit::failed, 1,
                            std::chrono::steady_clock::now() - call_.sent);
    }
    ToldWrite(const ToldWrite&) = delete;
    ToldWrite& operator=(const ToldWrite&) = delete;

  private:
    ca::Observer& observer_;
    const PostgresCall& call_;
};

/// A call that nobody waits for is not sent any more.
class Abandons {
  public:
    explicit Abandons(PostgresCall& call) : call_(call) {}
    ~Abandons() { call_.is_abandoned = !call_.is_done; }
    Abandons(const Abandons&) = delete;
    Abandons& operator=(const Abandons&) = delete;

  private:
    PostgresCall& call_;
};

base::Task<PostgresHandle> made_by(const std::function<PostgresHandle()>& connect) {
    co_return connect();
}

}  // namespace

PostgresPipeline::PostgresPipeline(const base::Executor& executor, PipelineOptions options,
                                   asio::thread_pool& connectors, base::Log& log)
    : executor_(executor),
      options_(std::move(options)),
      connectors_(connectors),
      log_(log),
      keepers_([this](const std::exception_ptr&) {
          log_.error("a connection to the database is not kept open any more");
      }) {
    for (std::size_t i = 0; i < options_.connections; ++i) {
        connections_.push_back(std::make_shared<PostgresConnection>(executor_, options_.on_notice));
    }
}

PostgresPipeline::~PostgresPipeline() {
    stop();
}

void PostgresPipeline::start() {
    for (const auto& connection : connections_) keepers_.spawn(executor_, keep(connection));
}

void PostgresPipeline::stop() {
    keepers_.close(base::Milliseconds(0));
}

bool PostgresPipeline::is_connected() const {
    return std::ranges::any_of(connections_,
                               [](const auto& connection) { return connection->is_open(); });
}

base::Task<PostgresHandle> PostgresPipeline::connect() {
    auto task = made_by(options_.connect);
    co_return co_await asio::co_spawn(connectors_.get_executor(), std::move(task), uncancelled());
}

// Opens the connection, and again whenever it broke, with pauses that grow while that fails.
base::Task<void> PostgresPipeline::keep(std::shared_ptr<PostgresConnection> connection) {
    auto pause = first_pause;
    for (;;) {
        std::string why;
        auto level = base::LogLevel::warning;
        try {
            auto handle = co_await connect();
            if (std::exchange(failing_, std::nullopt)) log_.info("connected to the database again");
            pause = first_pause;
            why = co_await connection->converse(std::move(handle), [this] { pump(); });
        } catch (const boost::system::system_error& error) {
            if (error.code() == asio::error::operation_aborted) throw;  // the store closes
            why = error.what();
        } catch (const SessionRefused& error) {
            why = error.what();
            level = base::LogLevel::error;
        } catch (const std::runtime_error& error) {
            why = error.what();
        }
        // Once for each outage, and once more if it turns out to be none.
        if (!failing_ || *failing_ < level)
            log_.write(level, "no connection to the database; trying again", {{"error", why}});
        failing_ = std::max(failing_.value_or(level), level);
        co_await base::sleep_for(pause);
        pause = std::min(pause * 2, longest_pause);
    }
}

PostgresConnection* PostgresPipeline::idlest() {
    PostgresConnection* best = nullptr;
    for (const auto& connection : connections_) {
        if (!connection->is_open() || connection->under_way() >= options_.pipelined) continue;
        if (best == nullptr || connection->under_way() < best->under_way()) best = connection.get();
    }
    return best;
}

// What else the loop does in this turn comes along.
base::Task<void> PostgresPipeline::gather() {
    {
        // However it ends: nobody else gathers meanwhile.
        struct Gathering {
            bool& is_gathering;
            ~Gathering() { is_gathering = false; }
        };
        is_gathering_ = true;
        const Gathering gathering{is_gathering_};
        co_await asio::post(executor_, asio::use_awaitable);
    }
    pump();
}

void PostgresPipeline::pump() {
    pump_shared();
    while (!waiting_.empty()) {
        auto* connection = idlest();
        const bool is_abandoned = waiting_.front()->is_abandoned;
        if (!is_abandoned && connection == nullptr) return;
        auto call = std::move(waiting_.front());
        waiting_.pop_front();
        if (!is_abandoned) connection->send({std::move(call)});
    }
}

void PostgresPipeline::pump_shared() {
    std::erase_if(waiting_shared_, [](const auto& call) { return call->is_abandoned; });
    while (!waiting_shared_.empty() && has_room_for_shared()) {
        auto* connection = idlest();
        if (connection == nullptr) return;
        const auto count = std::min(waiting_shared_.size(), options_.together);
        const auto end = waiting_shared_.begin() + static_cast<std::ptrdiff_t>(count);
        std::vector<std::shared_ptr<PostgresCall>> calls(
            std::make_move_iterator(waiting_shared_.begin()), std::make_move_iterator(end));
        waiting_shared_.erase(waiting_shared_.begin(), end);
        connection->send(std::move(calls));
    }
}

bool PostgresPipeline::has_room_for_shared() const {
    const auto under_way = std::ranges::count_if(
        connections_, [](const auto& connection) { return connection->has_shared(); });
    return static_cast<std::size_t>(under_way) < options_.shared;
}

base::Task<std::shared_ptr<PostgresCall>> PostgresPipeline::perform(
    const Statement& statement, Statement::Transaction transaction,
    std::shared_ptr<const Parameters> parameters, Deadline deadline) {
    auto call = std::make_shared<PostgresCall>(executor_, statement, std::move(parameters));
    // Reads are none of an observer's business, even where they are by themselves.
    const bool is_write = statement.transaction == Statement::Transaction::own;
    if (waiting_.size() + waiting_shared_.size() >= options_.waiting) {
        if (is_write) options_.observer->write_refused();
        call->message = "too many calls wait for the database";
        call->finish(Ending::not_sent);
        co_return call;
    }
    const ToldWrite told(is_write ? *options_.observer : ca::deaf_observer(), *call);
    auto& queue = transaction == Statement::Transaction::shared ? waiting_shared_ : waiting_;
    queue.push_back(call);
    const Abandons abandons(*call);
    if (!is_gathering_) co_await gather();
    co_await ending_of(call, deadline);
    co_return call;
}

// Returns when it has ended or nothing is to be expected any more.
base::Task<void> PostgresPipeline::ending_of(std::shared_ptr<PostgresCall> call,
                                             Deadline deadline) {
    for (const auto limit : {deadline, deadline + answer_patience}) {
        boost::system::error_code error;
        call->wake.expires_at(limit);
        if (!call->is_done)
            co_await call->wake.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (call->is_done) co_return;
        if (error) throw boost::system::system_error(error);  // the task was cancelled
        if (call->ending == Ending::not_sent) {
            call->message =
                is_connected() ? "the database is too slow" : "no connection to the database";
            co_return;
        }
    }
    // The database itself ends what takes too long; a connection that is silent is dead.
    call->message = "no answer from the database";
    for (const auto& connection : connections_) connection->give_up(call);
}

void PostgresPipeline::reconnect(const std::string& why) {
    for (const auto& connection : connections_) connection->abandon(why);
}

}  // namespace cairn::store
