// Asks forwarders over UDP, and over TCP what does not fit (RFC 1035 section 4.2, RFC 7766).

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "crypto/random.h"
#include "net/ascii.h"
#include "net/dns_failure.h"
#include "net/resolver.h"
#include "net/socket_address.h"

namespace cairn::net {
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using std::chrono::steady_clock;

namespace {

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);

constexpr std::uint16_t default_port = 53;
/// How long the first datagram is waited for; twice as long in each further round.
constexpr base::Milliseconds first_patience{500};
/// Between a round in which every server failed at once and the second, last one.
constexpr base::Milliseconds second_try{200};

/// A socket that a timer closes. Shared with the timer's handler, which may outlast the exchange.
template <class Socket>
struct TimedSocket {
    TimedSocket(const base::Executor& executor, steady_clock::time_point deadline)
        : socket(executor), timer(executor, deadline) {}

    static std::shared_ptr<TimedSocket> start(const base::Executor& executor,
                                              steady_clock::time_point deadline) {
        auto timed = std::make_shared<TimedSocket>(executor, deadline);
        timed->timer.async_wait([timed](const boost::system::error_code& error) {
            if (error) return;
            timed->late = true;
            boost::system::error_code ignored;
            timed->socket.close(ignored);
        });
        return timed;
    }

    Socket socket;
    asio::steady_timer timer;
    bool late = false;
};

/// Ends the timer's wait with the exchange.
template <class Socket>
class Exchange {
  public:
    Exchange(const base::Executor& executor, steady_clock::time_point deadline)
        : timed_(TimedSocket<Socket>::start(executor, deadline)) {}
    ~Exchange() { timed_->timer.cancel(); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    [[nodiscard]] Socket& socket() { return timed_->socket; }
    [[nodiscard]] bool late() const { return timed_->late; }

  private:
    std::shared_ptr<TimedSocket<Socket>> timed_;
};

/// Why one server gave no answer.
struct NoAnswer {
    enum class Kind { silent, failed };
    Kind kind = Kind::failed;
    std::string reason;
};
template <class T>
using OrNoAnswer = std::expected<T, NoAnswer>;

template <class Endpoint>
Endpoint endpoint_of(const SocketAddress& server) {
    return Endpoint(asio::ip::make_address(server.address.to_string()), server.port);
}

std::unexpected<NoAnswer> no_answer(bool late, const boost::system::error_code& error) {
    if (late) return std::unexpected(NoAnswer{NoAnswer::Kind::silent, "it does not answer"});
    return std::unexpected(NoAnswer{NoAnswer::Kind::failed, error.message()});
}

bool has_id(base::BytesView message, base::BytesView query) {
    return message.size() >= 12 && std::ranges::equal(message.first(2), query.first(2));
}

// Whether a message with the right id also repeats the question of `query`. Some servers leave it
// out of an error.
bool has_question(base::BytesView message, base::BytesView query) {
    constexpr std::size_t header = 12;
    const bool has_none = message[4] == 0 && message[5] == 0;
    if (has_none) return (message[3] & 0x0fU) != 0;
    std::size_t length = header;
    while (query[length] != 0) length += query[length] + 1U;
    length += 1 + 4;  // the root label, type and class
    return message.size() >= length &&
           std::ranges::equal(message.subspan(header, length - header),
                              query.subspan(header, length - header),
                              [](std::uint8_t left, std::uint8_t right) {
                                  return ascii_lower(static_cast<char>(left)) ==
                                         ascii_lower(static_cast<char>(right));
                              });
}

bool is_truncated(base::BytesView message) {
    return (message[2] & 0x02U) != 0;
}

base::Task<OrNoAnswer<base::Bytes>> ask_by_datagram(SocketAddress server, base::BytesView query,
                                                    steady_clock::time_point deadline) {
    Exchange<udp::socket> exchange(co_await asio::this_coro::executor, deadline);
    boost::system::error_code error;
    // Connected, so that the kernel drops what others send and reports what is refused.
    exchange.socket().connect(endpoint_of<udp::endpoint>(server), error);
    if (error) co_return no_answer(false, error);
    auto [send_error, sent] = co_await exchange.socket().async_send(
        asio::buffer(query.data(), query.size()), awaitable_tuple);
    if (send_error) co_return no_answer(exchange.late(), send_error);
    base::Bytes message(4096);
    for (;;) {
        auto [receive_error, size] =
            co_await exchange.socket().async_receive(asio::buffer(message), awaitable_tuple);
        if (receive_error) co_return no_answer(exchange.late(), receive_error);
        // A datagram with another id or question is not the answer to this one: keep waiting.
        const auto received = base::BytesView(message).first(size);
        if (has_id(received, query) && has_question(received, query)) {
            message.resize(size);
            co_return message;
        }
    }
}

base::Task<OrNoAnswer<base::Bytes>> ask_by_stream(SocketAddress server, base::BytesView query,
                                                  steady_clock::time_point deadline) {
    Exchange<tcp::socket> exchange(co_await asio::this_coro::executor, deadline);
    const auto [connect_error] = co_await exchange.socket().async_connect(
        endpoint_of<tcp::endpoint>(server), awaitable_tuple);
    if (connect_error) co_return no_answer(exchange.late(), connect_error);
    std::array<std::uint8_t, 2> length{static_cast<std::uint8_t>(query.size() >> 8U),
                                       static_cast<std::uint8_t>(query.size() & 0xffU)};
    const std::array<asio::const_buffer, 2> request{asio::buffer(length),
                                                    asio::buffer(query.data(), query.size())};
    auto [write_error, written] =
        co_await asio::async_write(exchange.socket(), request, awaitable_tuple);
    if (write_error) co_return no_answer(exchange.late(), write_error);
    auto [length_error, length_octets] =
        co_await asio::async_read(exchange.socket(), asio::buffer(length), awaitable_tuple);
    if (length_error) co_return no_answer(exchange.late(), length_error);
    base::Bytes message(static_cast<std::size_t>(length[0] << 8U | length[1]));
    auto [read_error, octets] =
        co_await asio::async_read(exchange.socket(), asio::buffer(message), awaitable_tuple);
    if (read_error) co_return no_answer(exchange.late(), read_error);
    if (!has_id(message, query)) {
        co_return std::unexpected(NoAnswer{NoAnswer::Kind::failed, "it answers something else"});
    }
    co_return message;
}

class StubResolver final : public Resolver {
  public:
    explicit StubResolver(const ResolverOptions& options)
        : settings_(std::make_shared<Settings>()) {
        for (const std::string& text : options.servers) {
            const auto server = SocketAddress::from_text(text, default_port);
            if (!server) throw std::runtime_error("DNS server " + server.error().message);
            settings_->servers.push_back(*server);
        }
        if (settings_->servers.empty()) throw std::runtime_error("there are no DNS servers to ask");
        settings_->timeout = options.timeout;
    }

    base::Task<base::Result<DnsAnswer>> query(std::string name, RecordType type) override {
        return follow(settings_, std::move(name), type);
    }

  private:
    struct Settings {
        std::vector<SocketAddress> servers;
        base::Milliseconds timeout{};
    };
    // A query owns what it needs, and may outlast the resolver.
    using SettingsPointer = std::shared_ptr<Settings>;

    static base::Task<base::Result<DnsAnswer>> follow(SettingsPointer settings, std::string name,
                                                      RecordType type);
    static base::Task<base::Result<DnsAnswer>> ask_all(SettingsPointer settings, std::string name,
                                                       RecordType type,
                                                       steady_clock::time_point deadline);
    static base::Task<OrNoAnswer<DnsAnswer>> ask_one(SocketAddress server, std::string name,
                                                     RecordType type, base::Milliseconds patience,
                                                     steady_clock::time_point deadline);

    SettingsPointer settings_;
};

/// Forwarders follow aliases themselves; where one leaves off, its target is asked for.
base::Task<base::Result<DnsAnswer>> StubResolver::follow(SettingsPointer settings, std::string name,
                                                         RecordType type) {
    const auto deadline = steady_clock::now() + settings->timeout;
    auto time_to_live = std::optional<std::uint32_t>();
    std::string asked = ascii_lower(name);
    if (asked.ends_with('.')) asked.pop_back();
    for (std::size_t links = 0; links <= max_cname_links; ++links) {
        auto answer = co_await ask_all(settings, asked, type, deadline);
        if (!answer) co_return answer;
        const bool followed = answer->canonical_name != asked;
        if (followed || answer->outcome == DnsAnswer::Outcome::found) {
            time_to_live =
                std::min(time_to_live.value_or(answer->time_to_live), answer->time_to_live);
        }
        if (type == RecordType::cname || !followed ||
            answer->outcome != DnsAnswer::Outcome::no_data) {
            answer->time_to_live = time_to_live.value_or(0);
            co_return answer;
        }
        asked = answer->canonical_name;
    }
    co_return dns_failure(name, type, "the CNAME chain is too long or loops");
}

base::Task<base::Result<DnsAnswer>> StubResolver::ask_all(SettingsPointer settings,
                                                          std::string name, RecordType type,
                                                          steady_clock::time_point deadline) {
    auto patience = first_patience;
    for (int round = 0;; ++round, patience *= 2) {
        std::string reasons;
        bool silence = false;
        for (const SocketAddress& server : settings->servers) {
            auto answer = co_await ask_one(server, name, type, patience, deadline);
            if (answer) co_return std::move(*answer);
            silence = silence || answer.error().kind == NoAnswer::Kind::silent;
            if (!reasons.empty()) reasons += "; ";
            reasons += server.to_string() + ": " + answer.error().reason;
        }
        const bool over = steady_clock::now() >= deadline;
        if (over || (round > 0 && !silence)) co_return dns_failure(name, type, reasons);
        if (!silence) co_await base::sleep_for(second_try);
    }
}

base::Task<OrNoAnswer<DnsAnswer>> StubResolver::ask_one(SocketAddress server, std::string name,
                                                        RecordType type,
                                                        base::Milliseconds patience,
                                                        steady_clock::time_point deadline) {
    std::array<std::uint8_t, 2> id{};
    crypto::SystemRandom().fill(id);
    const auto query = make_dns_query(static_cast<std::uint16_t>(id[0] << 8U | id[1]), name, type);
    if (!query) co_return std::unexpected(NoAnswer{NoAnswer::Kind::failed, query.error().message});
    auto message = co_await ask_by_datagram(server, *query,
                                            std::min(steady_clock::now() + patience, deadline));
    if (message && is_truncated(*message)) {
        message = co_await ask_by_stream(server, *query, deadline);
    }
    if (!message) co_return std::unexpected(message.error());
    auto answer = parse_dns_response(*message, name, type);
    if (answer) answer = only_facts(std::move(*answer));
    if (!answer) {
        co_return std::unexpected(NoAnswer{NoAnswer::Kind::failed, answer.error().message});
    }
    co_return std::move(*answer);
}

}  // namespace

std::unique_ptr<Resolver> make_stub_resolver(const ResolverOptions& options) {
    return std::make_unique<StubResolver>(options);
}

}  // namespace cairn::net
