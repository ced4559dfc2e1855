#include "store/postgres/connection.h"

#include <algorithm>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace cairn::store {
namespace asio = boost::asio;

namespace {

std::string field_of(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

std::string last_error(const PGconn* connection) {
    std::string text = PQerrorMessage(connection);
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

}  // namespace

PostgresConnection::PostgresConnection(const base::Executor& executor, OnNotice on_notice)
    : executor_(executor), on_notice_(std::move(on_notice)), socket_(executor) {}

PostgresConnection::~PostgresConnection() {
    if (socket_.is_open()) socket_.release();
}

base::Task<std::string> PostgresConnection::converse(PostgresHandle handle,
                                                     std::function<void()> on_room) {
    // The socket goes back to libpq, which closes it, also if the task is cancelled.
    struct Closing {
        PostgresConnection& self;
        ~Closing() { self.close(); }
    };
    const auto self = shared_from_this();
    handle_ = std::move(handle);
    why_closed_.clear();
    const Closing closing{*this};
    if (PQsetnonblocking(handle_.get(), 1) != 0 || PQenterPipelineMode(handle_.get()) != 1)
        co_return last_error(handle_.get());
    socket_.assign(PQsocket(handle_.get()));
    is_open_ = true;
    on_room();
    while (is_open_) {
        boost::system::error_code error;
        co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                                    asio::redirect_error(asio::use_awaitable, error));
        if (!is_open_) break;
        if (error) throw boost::system::system_error(error);
        if (!take_input()) abandon(last_error(handle_.get()));
        // Callers whose calls have ended may send their next one before the next batch is made.
        co_await asio::post(executor_, asio::use_awaitable);
        if (is_open_) on_room();
    }
    co_return why_closed_;
}

void PostgresConnection::close() {
    is_open_ = false;
    if (socket_.is_open()) socket_.release();
    handle_.reset();
    prepared_.clear();
    for (const auto& transaction : std::exchange(transactions_, {})) {
        for (const auto& call : transaction.calls) {
            if (call->message.empty())
                call->message = why_closed_.empty() ? "the connection was closed" : why_closed_;
            call->finish(Ending::lost);
        }
    }
}

bool PostgresConnection::has_shared() const {
    return std::ranges::any_of(transactions_, [](const Transaction& transaction) {
        return transaction.calls.front()->statement.transaction == Statement::Transaction::shared;
    });
}

void PostgresConnection::give_up(const std::shared_ptr<PostgresCall>& call) {
    const bool is_here = std::ranges::any_of(transactions_, [&](const Transaction& transaction) {
        return std::ranges::find(transaction.calls, call) != transaction.calls.end();
    });
    if (is_here) abandon(call->message);
}

void PostgresConnection::abandon(const std::string& why) {
    if (!is_open_) return;
    why_closed_ = why;
    is_open_ = false;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

bool PostgresConnection::send_parse(const PostgresCall& call) {
    return PQsendPrepare(handle_.get(), call.statement.name, call.statement.sql.c_str(),
                         call.parameters->count(), call.parameters->types()) == 1;
}

bool PostgresConnection::send_execute(const PostgresCall& call) {
    const auto& parameters = *call.parameters;
    const auto values = parameters.values();
    const std::vector<int> binary(values.size(), 1);
    return PQsendQueryPrepared(handle_.get(), call.statement.name, parameters.count(),
                               values.data(), parameters.lengths(), binary.data(), 1) == 1;
}

// libpq writes to the socket at the Sync, all of it at once.
void PostgresConnection::send(std::vector<std::shared_ptr<PostgresCall>> calls) {
    auto& transaction = transactions_.emplace_back();
    transaction.calls = std::move(calls);
    const auto now = std::chrono::steady_clock::now();
    bool is_sent = true;
    for (const auto& call : transaction.calls) {
        // From here on it is unknown what reaches the database.
        call->ending = Ending::lost;
        call->sent = now;
        if (prepared_.insert(&call->statement).second) {
            transaction.steps.push_back({call.get(), true});
            is_sent = is_sent && send_parse(*call);
        }
        transaction.steps.push_back({call.get(), false});
        is_sent = is_sent && send_execute(*call);
    }
    if (is_sent && PQpipelineSync(handle_.get()) == 1)
        flush();
    else
        abandon(last_error(handle_.get()));
}

// libpq has tried to write already; what did not fit waits for room in the socket.
void PostgresConnection::flush() {
    if (is_writing_ || !is_open_) return;
    const int rest = PQflush(handle_.get());
    if (rest < 0) return abandon(last_error(handle_.get()));
    if (rest == 0) return;
    is_writing_ = true;
    socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                           self->is_writing_ = false;
                           if (!error) self->flush();
                       });
}

// False if the connection is broken.
bool PostgresConnection::take_input() {
    auto* connection = handle_.get();
    const bool is_alive = PQconsumeInput(connection) == 1;
    bool was_end = false;
    while (!transactions_.empty() && PQisBusy(connection) == 0) {
        auto* result = PQgetResult(connection);
        // The end of one statement's results; twice in a row it is the end of all there is.
        if (result == nullptr && was_end) break;
        was_end = result == nullptr;
        if (result != nullptr) take(result);
        if (PQstatus(connection) == CONNECTION_BAD) return false;
    }
    while (auto* notice = PQnotifies(connection)) {
        if (on_notice_) on_notice_(notice->extra);
        PQfreemem(notice);
    }
    return is_alive && PQstatus(connection) == CONNECTION_OK;
}

void PostgresConnection::take(PGresult* result) {
    Answer answer(result);
    auto& transaction = transactions_.front();
    const auto status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
        const auto finished = std::move(transaction);
        transactions_.pop_front();
        return finished.finish();
    }
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return take_failure(result);
    const auto step = transaction.steps.at(transaction.answered++);
    if (!step.is_parse) step.call->answer = std::move(answer);
}

// The first step that fails says why; what comes behind it in the transaction is passed over. What
// ends the session comes without a Sync behind it, so the calls count as lost.
void PostgresConnection::take_failure(const PGresult* result) {
    auto& transaction = transactions_.front();
    transaction.has_failed = true;
    const bool is_commit = transaction.answered == transaction.steps.size();
    const auto step =
        is_commit ? transaction.steps.back() : transaction.steps[transaction.answered++];
    if (step.is_parse) prepared_.erase(&step.call->statement);
    if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED) return;
    step.call->sqlstate = field_of(result, PG_DIAG_SQLSTATE);
    step.call->message = field_of(result, PG_DIAG_MESSAGE_PRIMARY);
    if (step.call->message.empty()) step.call->message = last_error(handle_.get());
}

// Either the commit confirms all statements, or none of them had an effect.
void PostgresConnection::Transaction::finish() const {
    for (const auto& call : calls) {
        if (!has_failed)
            call->finish(Ending::answered);
        else
            call->finish(call->sqlstate.empty() ? Ending::undone : Ending::refused);
    }
}

}  // namespace cairn::store
