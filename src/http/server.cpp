#include "http/server.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unistd.h>

#include "base/memory_reserve.h"
#include "http/connection.h"
#include "http/forwarded_for.h"
#include "net/client_network.h"
#include "net/local_socket.h"
#include "net/socket_address.h"

namespace cairn::http {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// How often deadlines are looked at: they may be over by so much.
constexpr base::Milliseconds deadline_check{100};
/// How long accepting rests when the process has no more files or memory.
constexpr base::Milliseconds accept_rest{50};

tcp::acceptor listen_on(const asio::any_io_executor& executor, const std::string& text) {
    const auto address = net::SocketAddress::from_text(text);
    if (!address) throw std::runtime_error("cannot listen on " + address.error().message);
    boost::system::error_code error;
    const tcp::endpoint endpoint(asio::ip::make_address(address->address.to_string(), error),
                                 address->port);
    tcp::acceptor acceptor(executor);
    if (!error) acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.protocol() == tcp::v6()) {
        acceptor.set_option(asio::ip::v6_only(true), error);
    }
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) throw std::runtime_error("cannot listen on " + text + ": " + error.message());
    return acceptor;
}

}  // namespace

struct Server::State {
    State(base::Log& server_log, Options server_options)
        : log(server_log),
          options(std::move(server_options)),
          table({.connections = options.limits.connections,
                 .connections_per_client = options.limits.connections_per_client,
                 .octets = options.limits.octets,
                 .octets_per_client = options.limits.octets_per_client},
                [this] { options.observer->connection_gave_way(); }),
          accepting(failure_report("accepting failed")),
          connections(failure_report("connection failed")),
          deadlines(failure_report("deadlines failed")) {}

    base::Log& log;
    const Options options;
    RequestIds ids;
    std::deque<ServerLoop> loops;
    std::vector<tcp::acceptor> acceptors;  ///< until they start
    std::optional<net::LocalListener> local;
    std::vector<std::string> addresses;
    std::atomic<std::size_t> turn = 0;
    ConnectionReports reports;
    ConnectionTable table;
    base::TaskGroup accepting, connections, deadlines;

    [[nodiscard]] base::TaskGroup::OnFailure failure_report(const char* event) {
        return [this, event](const std::exception_ptr& failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& error) {
                log.error(event, {{"reason", error.what()}});
            } catch (...) {
                log.error(event);
            }
        };
    }
    template <class Acceptor>
    [[nodiscard]] base::Task<void> accept_connections(Acceptor acceptor);
    void take_on(ServerLoop& loop, tcp::socket socket);
    void take_on(ServerLoop& loop, net::LocalListener::Acceptor::protocol_type::socket socket);
    void take_on(ServerLoop& loop, net::PeerStream::Socket socket, const Connection::Peer& peer);
    [[nodiscard]] base::Task<void> converse(ServerLoop& loop, net::PeerStream::Socket socket,
                                            Connection::Peer peer,
                                            std::shared_ptr<ConnectionTable::Place> place);
    void report_out_of_memory();
    void mind_memory();
    [[nodiscard]] base::Task<void> check_deadlines(ServerLoop& loop);
};

// `stop` waits for all of these before the state goes.

base::Task<void> Server::State::converse(ServerLoop& loop, net::PeerStream::Socket socket,
                                         Connection::Peer peer,
                                         std::shared_ptr<ConnectionTable::Place> place) {
    try {
        Connection connection(options, log, ids, reports, loop, std::move(place), std::move(socket),
                              peer);
        co_await connection.run();
    } catch (const std::bad_alloc&) {
        report_out_of_memory();
    }
}

void Server::State::take_on(ServerLoop& loop, tcp::socket socket) {
    if (const auto address = net::address_of_peer(socket))
        take_on(loop, std::move(socket), Connection::Peer{*address});
}

void Server::State::take_on(ServerLoop& loop,
                            net::LocalListener::Acceptor::protocol_type::socket socket) {
    const auto user = net::user_of_peer(socket.native_handle());
    // Root may connect to anything; nobody else gets past the mode of the file.
    if (!user || (*user != 0 && *user != ::geteuid())) {
        options.observer->connection_refused();
        log.warning("local connection refused", {{"user", user ? std::to_string(*user) : "?"}});
        return;
    }
    static const base::IpAddress loopback = *base::IpAddress::from_text("127.0.0.1");
    take_on(loop, std::move(socket), Connection::Peer{loopback, *user});
}

void Server::State::take_on(ServerLoop& loop, net::PeerStream::Socket socket,
                            const Connection::Peer& peer) {
    // A proxy has as many connections as its clients have.
    std::optional<base::IpAddress> client;
    if (!is_trusted(peer.address, options.trusted_proxies))
        client = net::client_network(peer.address);
    auto place = table.take(loop.executor, client, Connection::plain_octets);
    if (!place) {
        options.observer->connection_refused();
        if (const auto count = reports.refused.count_one(); count > 0)
            log.warning("connections refused",
                        {{"count", count}, {"remote", peer.address.to_string()}});
        return;
    }
    connections.spawn(loop.executor, converse(loop, std::move(socket), peer, std::move(place)));
}

template <class Acceptor>
base::Task<void> Server::State::accept_connections(Acceptor acceptor) {
    for (;;) {
        // Nothing new is taken on until there is memory again.
        while (base::MemoryReserve::is_spent()) co_await base::sleep_for(accept_rest);
        ServerLoop& loop = loops[turn++ % loops.size()];
        auto [error, socket] =
            co_await acceptor.async_accept(loop.executor, asio::as_tuple(asio::use_awaitable));
        if (error == asio::error::operation_aborted) co_return;
        if (error) {
            options.observer->accept_failed();
            if (const auto count = reports.failed_accepts.count_one(); count > 0) {
                log.error("accept failed", {{"reason", error.message()}, {"count", count}});
            }
            co_await base::sleep_for(accept_rest);
            continue;
        }
        try {
            take_on(loop, std::move(socket));
        } catch (const std::bad_alloc&) {
            options.observer->accept_failed();
            report_out_of_memory();
        }
    }
}

void Server::State::report_out_of_memory() {
    if (const auto count = reports.out_of_memory.count_one(); count > 0)
        log.error("out of memory", {{"count", count}});
}

void Server::State::mind_memory() {
    if (!base::MemoryReserve::is_spent()) return;
    report_out_of_memory();
    if (!base::MemoryReserve::fill()) table.make_room();
}

base::Task<void> Server::State::check_deadlines(ServerLoop& loop) {
    for (;;) {
        co_await base::sleep_for(deadline_check);
        const auto now = std::chrono::steady_clock::now();
        for (Connection* connection : loop.connections) connection->check_deadline(now);
        try {
            if (&loop == &loops.front()) mind_memory();
        } catch (const std::bad_alloc&) {
            // The next time, then.
        }
    }
}

Server::Server(net::EventLoops& loops, base::Log& log, Options options)
    : state_(std::make_shared<State>(log, std::move(options))) {
    for (std::size_t index = 0; index < loops.count(); ++index) {
        state_->loops.emplace_back().executor = loops.executor(index);
    }
    for (const std::string& address : state_->options.listen) {
        auto acceptor = listen_on(loops.next(), address);
        const auto endpoint = acceptor.local_endpoint();
        const auto host = endpoint.address().to_string();
        state_->addresses.push_back((endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
                                    std::to_string(endpoint.port()));
        state_->acceptors.push_back(std::move(acceptor));
    }
    if (!state_->options.local_path.empty())
        state_->local.emplace(loops.next(), state_->options.local_path);
}

Server::~Server() {
    stop(base::Milliseconds(0));
}

std::vector<std::string> Server::addresses() const {
    return state_->addresses;
}

void Server::start() {
    for (ServerLoop& loop : state_->loops) {
        state_->deadlines.spawn(loop.executor, state_->check_deadlines(loop));
    }
    for (tcp::acceptor& acceptor : state_->acceptors) {
        const auto executor = acceptor.get_executor();
        state_->accepting.spawn(executor, state_->accept_connections(std::move(acceptor)));
    }
    state_->acceptors.clear();
    if (state_->local) {
        auto acceptor = state_->local->take_acceptor();
        const auto executor = acceptor.get_executor();
        state_->accepting.spawn(executor, state_->accept_connections(std::move(acceptor)));
    }
}

void Server::stop(base::Milliseconds patience) {
    state_->acceptors.clear();
    state_->accepting.close(base::Milliseconds(0));
    state_->local.reset();
    for (ServerLoop& loop : state_->loops) {
        asio::post(loop.executor, [state = state_, &loop] {
            loop.draining = true;
            for (Connection* connection : loop.connections) connection->close_if_at_rest();
        });
    }
    state_->connections.close(patience);
    state_->deadlines.close(base::Milliseconds(0));
}

}  // namespace cairn::http
