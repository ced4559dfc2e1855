#pragma once
// Private to the .cpp files of store.

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"
#include "base/task.h"
#include "store/postgres/values.h"

namespace cairn::store {

/// A statement of this program; prepared on each connection when it is first used there. Known by
/// its address, so there is one object of each.
struct Statement {
    enum class Effect {
        /// Idempotent: may be sent again after any failure. If its answer differs after it had its
        /// effect, the caller checks Answer::follows_lost_answer.
        repeatable,
        once,  ///< may be sent again only if it certainly had no effect
    };
    enum class Transaction {
        own,     ///< it has a transaction of its own
        shared,  ///< it may share a transaction with others of this kind: suitable for
                 ///< statements that wait for no lock and whose commit waits for no disk
    };
    const char* name;
    std::string sql;
    Effect effect;
    Transaction transaction = Transaction::own;
};

/// How a statement ended.
enum class Ending {
    answered,
    not_sent,  ///< there was no connection for it
    lost,      ///< sent, and the connection broke before the answer: it may have had its effect
    refused,   ///< the database rolled it back
    undone,    ///< rolled back because another one of its transaction was refused
};

/// A statement on its way.
struct PostgresCall {
    PostgresCall(const base::Executor& executor, const Statement& what,
                 std::shared_ptr<const Parameters> with)
        : statement(what), parameters(std::move(with)), wake(executor) {}

    const Statement& statement;
    const std::shared_ptr<const Parameters> parameters;
    boost::asio::steady_timer wake;  ///< cancelled at the end, expires at the deadline
    std::chrono::steady_clock::time_point sent;

    bool is_done = false;
    bool is_abandoned = false;  ///< nobody waits for it any more
    Ending ending = Ending::not_sent;
    Answer answer;
    std::string sqlstate;  ///< where it was refused
    std::string message;

    void finish(Ending how) {
        ending = how;
        is_done = true;
        wake.cancel();
    }
};

struct ClosesPostgres {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
using PostgresHandle = std::unique_ptr<PGconn, ClosesPostgres>;

/// One connection in pipeline mode: a transaction that is sent while others wait for their answers
/// follows them at once. Used on its executor alone.
class PostgresConnection : public std::enable_shared_from_this<PostgresConnection> {
  public:
    /// What another session sent to a channel that this one listens to.
    using OnNotice = std::function<void(const std::string& payload)>;

    PostgresConnection(const base::Executor& executor, OnNotice on_notice);
    /// All calls have ended.
    ~PostgresConnection();

    /// Talks over `handle` until the connection breaks; why it did. `on_room` is called whenever
    /// calls have ended, after those who wait for them had their turn.
    [[nodiscard]] base::Task<std::string> converse(PostgresHandle handle,
                                                   std::function<void()> on_room);

    [[nodiscard]] bool is_open() const { return is_open_; }
    /// Transactions sent and not answered yet.
    [[nodiscard]] std::size_t under_way() const { return transactions_.size(); }
    /// Whether one of them is of the shared kind.
    [[nodiscard]] bool has_shared() const;
    /// Sends `calls` as one transaction.
    void send(std::vector<std::shared_ptr<PostgresCall>> calls);
    /// Ends the conversation if `call` was sent here and is not answered.
    void give_up(const std::shared_ptr<PostgresCall>& call);
    /// Ends the conversation: what was sent and not answered is lost.
    void abandon(const std::string& why);

  private:
    /// What the database answers in turn: to a Parse, or to the statement itself.
    struct Step {
        PostgresCall* call;
        bool is_parse;
    };
    struct Transaction {
        std::vector<std::shared_ptr<PostgresCall>> calls;
        std::vector<Step> steps;
        std::size_t answered = 0;  ///< of the steps
        bool has_failed = false;

        void finish() const;
    };

    bool send_parse(const PostgresCall& call);
    bool send_execute(const PostgresCall& call);
    void flush();
    bool take_input();
    void take(PGresult* result);
    void take_failure(const PGresult* result);
    void close();

    const base::Executor executor_;
    const OnNotice on_notice_;
    PostgresHandle handle_;
    boost::asio::posix::stream_descriptor socket_;
    std::deque<Transaction> transactions_;  ///< sent, in order
    std::unordered_set<const Statement*> prepared_;
    std::string why_closed_;
    bool is_open_ = false;
    bool is_writing_ = false;
};

}  // namespace cairn::store
