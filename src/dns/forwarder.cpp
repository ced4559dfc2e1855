#include "dns/forwarder.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/shortage.h"
#include "net/ascii.h"

namespace cairn::dns {
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using std::chrono::steady_clock;

namespace {

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);

/// Larger than the size that queries announce; the kernel cuts off what is longer.
constexpr std::size_t longest_datagram = 4096;

/// A socket that a timer closes. Shared with the handler of the timer, which may run after the
/// exchange.
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

/// Cancels the timer when the exchange ends.
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

std::unexpected<NoAnswer> no_answer(bool late, const boost::system::error_code& error) {
    if (late) return std::unexpected(NoAnswer{NoAnswer::Kind::silent, "it does not answer"});
    if (base::is_shortage(error)) throw base::Shortage("asking a DNS server: " + error.message());
    return std::unexpected(NoAnswer{NoAnswer::Kind::failed, error.message()});
}

bool has_id(base::BytesView message, base::BytesView query) {
    return message.size() >= 12 && std::ranges::equal(message.first(2), query.first(2));
}

// Whether a message with the right id also repeats the question of `query`. Some servers omit the
// question in an error.
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
                                  return net::ascii_lower(static_cast<char>(left)) ==
                                         net::ascii_lower(static_cast<char>(right));
                              });
}

// If `message` answers one of these queries that has no answer yet, stores it there and returns
// true.
bool take_answer(std::span<Asked> asked, base::BytesView message) {
    const auto answered = std::ranges::find_if(asked, [&](const Asked& one) {
        return !one.message && has_id(message, one.query) && has_question(message, one.query);
    });
    if (answered == asked.end()) return false;
    answered->message = base::copy_of(message);
    return true;
}

}  // namespace

base::Task<void> ask_by_datagram(udp::endpoint server, std::span<Asked> asked,
                                 steady_clock::time_point deadline) {
    Exchange<udp::socket> exchange(co_await asio::this_coro::executor, deadline);
    const auto fail_the_rest = [&](const boost::system::error_code& error) {
        for (auto& one : asked)
            if (!one.message) one.message = no_answer(exchange.late(), error);
    };
    boost::system::error_code error;
    // The socket is connected, so that the kernel drops datagrams from others and reports a
    // refusal.
    exchange.socket().connect(server, error);
    if (error) co_return fail_the_rest(error);
    for (const auto& one : asked) {
        const auto [send_error, sent] = co_await exchange.socket().async_send(
            asio::buffer(one.query.data(), one.query.size()), awaitable_tuple);
        if (send_error) co_return fail_the_rest(send_error);
    }
    std::array<std::uint8_t, longest_datagram> datagram;
    for (auto missing = asked.size(); missing > 0;) {
        const auto [receive_error, size] =
            co_await exchange.socket().async_receive(asio::buffer(datagram), awaitable_tuple);
        if (receive_error) co_return fail_the_rest(receive_error);
        // A datagram with another id or question is no answer: keep waiting.
        if (take_answer(asked, base::BytesView(datagram).first(size))) --missing;
    }
}

base::Task<OrNoAnswer<base::Bytes>> ask_by_stream(tcp::endpoint server, base::BytesView query,
                                                  steady_clock::time_point deadline) {
    Exchange<tcp::socket> exchange(co_await asio::this_coro::executor, deadline);
    const auto [connect_error] = co_await exchange.socket().async_connect(server, awaitable_tuple);
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

}  // namespace cairn::dns
