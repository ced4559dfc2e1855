#include "store/postgres_connection.h"

#include <algorithm>
#include <utility>

#include <boost/asio/error.hpp>
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
        if (is_open_) on_room();
    }
    co_return why_closed_;
}

void PostgresConnection::close() {
    is_open_ = false;
    if (socket_.is_open()) socket_.release();
    handle_.reset();
    prepared_.clear();
    for (const auto& call : std::exchange(calls_, {})) {
        if (call->message.empty())
            call->message = why_closed_.empty() ? "the connection was closed" : why_closed_;
        call->finish(Ending::lost);
    }
}

void PostgresConnection::give_up(const std::shared_ptr<PostgresCall>& call) {
    if (std::ranges::find(calls_, call) != calls_.end()) abandon(call->message);
}

void PostgresConnection::abandon(const std::string& why) {
    if (!is_open_) return;
    why_closed_ = why;
    is_open_ = false;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void PostgresConnection::send(const std::shared_ptr<PostgresCall>& call) {
    const auto& statement = call->statement;
    const auto& parameters = *call->parameters;
    auto* connection = handle_.get();
    const auto values = parameters.values();
    // From here on it cannot be known what reaches the database.
    call->ending = Ending::lost;
    calls_.push_back(call);
    call->is_preparing = prepared_.insert(&statement).second;
    const std::vector<int> binary(values.size(), 1);
    const bool is_sent =
        (!call->is_preparing || PQsendPrepare(connection, statement.name, statement.sql.c_str(),
                                              parameters.count(), parameters.types()) == 1) &&
        PQsendQueryPrepared(connection, statement.name, parameters.count(), values.data(),
                            parameters.lengths(), binary.data(), 1) == 1 &&
        PQpipelineSync(connection) == 1;
    if (is_sent)
        flush();
    else
        abandon(last_error(connection));
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
    while (!calls_.empty() && PQisBusy(connection) == 0) {
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
    const auto& call = calls_.front();
    switch (PQresultStatus(result)) {
        case PGRES_PIPELINE_SYNC: {
            const auto finished = std::move(calls_.front());
            calls_.pop_front();
            finished->finish(finished->sqlstate.empty() ? Ending::answered : Ending::refused);
            return;
        }
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            if (call->is_preparing)
                call->is_preparing = false;
            else
                call->answer = std::move(answer);
            return;
        case PGRES_PIPELINE_ABORTED:
            return;
        default:
            // What ends the session comes without a Sync behind it, so the call counts as lost.
            if (call->is_preparing) prepared_.erase(&call->statement);
            call->sqlstate = field_of(result, PG_DIAG_SQLSTATE);
            call->message = field_of(result, PG_DIAG_MESSAGE_PRIMARY);
            if (call->message.empty()) call->message = last_error(handle_.get());
    }
}

}  // namespace cairn::store
