#pragma once
// Private to the tests of dns: a DNS server on a free port of loopback that answers as told.

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "dns/message.h"
#include "net/ascii.h"

namespace cairn::dns {

/// One record for the answer section; an empty owner stands for the name asked for.
struct TestRecord {
    std::string owner;
    RecordType type = RecordType::a;
    base::Bytes data;
    std::uint32_t time_to_live = 300;
};
/// A name in wire format, uncompressed.
[[nodiscard]] base::Bytes wire_name(std::string_view name);
/// The data of a TXT record of one string.
[[nodiscard]] base::Bytes txt_data(std::string_view text);

struct TestReply {
    int response_code = 0;
    std::vector<TestRecord> records{};
    bool truncated = false;
    /// The message that answers `query`.
    [[nodiscard]] base::Bytes to(base::BytesView query) const;
};

/// The name in the question of `query`, lower case; and its type.
[[nodiscard]] std::pair<std::string, std::uint16_t> question_of(base::BytesView query);

/// Serves UDP and TCP on its own thread until it is destroyed.
class TestServer {
  public:
    enum class Transport { udp, tcp };
    /// The messages to send back, none or several. Called on the server's thread.
    using Messages = std::vector<base::Bytes>;
    using Respond = std::function<Messages(base::BytesView query, Transport)>;

    /// On a free port, or on `port`.
    explicit TestServer(Respond respond, std::uint16_t port = 0);
    ~TestServer();
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// "127.0.0.1:port".
    [[nodiscard]] std::string address() const;
    [[nodiscard]] int queries() const { return queries_; }

  private:
    void serve();
    void serve_datagram();
    void serve_stream();

    Respond respond_;
    std::uint16_t port_ = 0;
    int udp_ = -1, tcp_ = -1, stop_read_ = -1, stop_write_ = -1;
    std::atomic<int> queries_ = 0;
    std::thread thread_;
};

namespace dns_server_detail {

inline void check(bool ok, const char* what) {
    if (!ok) throw std::system_error(errno, std::generic_category(), what);
}

inline void append_u16(base::Bytes& bytes, std::size_t number) {
    bytes.push_back(static_cast<std::uint8_t>(number >> 8U & 0xffU));
    bytes.push_back(static_cast<std::uint8_t>(number & 0xffU));
}

inline std::size_t question_end(base::BytesView query) {
    std::size_t end = 12;
    while (end < query.size() && query[end] != 0) end += std::size_t{1} + query[end];
    return end + 5;
}

/// A socket on loopback; -1 if the port is taken there.
inline int bound_socket(int type, std::uint16_t port) {
    const int socket = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    check(socket >= 0, "socket");
    const int one = 1;
    check(::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0, "setsockopt");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return socket;
    }
    ::close(socket);
    return -1;
}

inline std::uint16_t port_of(int socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    check(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
    return ntohs(address.sin_port);
}

}  // namespace dns_server_detail
using namespace dns_server_detail;

inline base::Bytes wire_name(std::string_view name) {
    base::Bytes wire;
    while (!name.empty()) {
        const auto label = name.substr(0, name.find('.'));
        wire.push_back(static_cast<std::uint8_t>(label.size()));
        std::ranges::copy(base::bytes_of(label), std::back_inserter(wire));
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    wire.push_back(0);
    return wire;
}

inline base::Bytes txt_data(std::string_view text) {
    base::Bytes data{static_cast<std::uint8_t>(text.size())};
    std::ranges::copy(base::bytes_of(text), std::back_inserter(data));
    return data;
}

inline base::Bytes TestReply::to(base::BytesView query) const {
    const std::size_t end = std::min(question_end(query), query.size());
    base::Bytes message(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(end));
    message[2] = truncated ? 0x83 : 0x81;
    message[3] = static_cast<std::uint8_t>(0x80 | response_code);
    base::Bytes counts;
    append_u16(counts, 1);
    append_u16(counts, records.size());
    append_u16(counts, 0);
    append_u16(counts, 0);
    std::ranges::copy(counts, message.begin() + 4);
    for (const TestRecord& record : records) {
        if (record.owner.empty()) {
            append_u16(message, 0xc00c);
        } else {
            std::ranges::copy(wire_name(record.owner), std::back_inserter(message));
        }
        append_u16(message, static_cast<std::size_t>(record.type));
        append_u16(message, 1);
        append_u16(message, record.time_to_live >> 16U);
        append_u16(message, record.time_to_live & 0xffffU);
        append_u16(message, record.data.size());
        std::ranges::copy(record.data, std::back_inserter(message));
    }
    return message;
}

inline std::pair<std::string, std::uint16_t> question_of(base::BytesView query) {
    std::string name;
    std::size_t at = 12;
    while (at < query.size() && query[at] != 0) {
        if (!name.empty()) name += '.';
        name += net::ascii_lower(base::text_of(query.subspan(at + 1, query[at])));
        at += std::size_t{1} + query[at];
    }
    return {name, static_cast<std::uint16_t>(query[at + 1] << 8U | query[at + 2])};
}

inline TestServer::TestServer(Respond respond, std::uint16_t port) : respond_(std::move(respond)) {
    // The port must be free for both transports.
    for (int attempt = 0; attempt < 100 && tcp_ < 0; ++attempt) {
        if (udp_ >= 0) ::close(udp_);
        udp_ = bound_socket(SOCK_DGRAM, port);
        check(udp_ >= 0, "bind");
        tcp_ = bound_socket(SOCK_STREAM, port_of(udp_));
    }
    check(tcp_ >= 0 && ::listen(tcp_, 16) == 0, "listen");
    port_ = port_of(udp_);
    int ends[2];
    check(::pipe(ends) == 0, "pipe");
    stop_read_ = ends[0];
    stop_write_ = ends[1];
    thread_ = std::thread([this] { serve(); });
}

inline TestServer::~TestServer() {
    ::close(stop_write_);
    thread_.join();
    for (const int descriptor : {udp_, tcp_, stop_read_}) ::close(descriptor);
}

inline std::string TestServer::address() const {
    return "127.0.0.1:" + std::to_string(port_);
}

inline void TestServer::serve() {
    for (;;) {
        pollfd events[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}, {stop_read_, POLLIN, 0}};
        if (::poll(events, 3, -1) < 0 && errno != EINTR) return;
        if (events[2].revents != 0) return;
        if (events[0].revents != 0) serve_datagram();
        if (events[1].revents != 0) serve_stream();
    }
}

inline void TestServer::serve_datagram() {
    base::Bytes query(4096);
    sockaddr_in from{};
    socklen_t from_size = sizeof from;
    auto* const address = reinterpret_cast<sockaddr*>(&from);
    const auto size = ::recvfrom(udp_, query.data(), query.size(), 0, address, &from_size);
    if (size < 17) return;
    query.resize(static_cast<std::size_t>(size));
    ++queries_;
    for (const base::Bytes& message : respond_(query, Transport::udp)) {
        ::sendto(udp_, message.data(), message.size(), 0, address, from_size);
    }
}

inline void TestServer::serve_stream() {
    const int peer = ::accept(tcp_, nullptr, nullptr);
    if (peer < 0) return;
    // A peer that stays connected and silent must not block the end of the test.
    const timeval patience{2, 0};
    ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::uint8_t length[2];
    while (::recv(peer, length, 2, MSG_WAITALL) == 2) {
        base::Bytes query(static_cast<std::size_t>(length[0] << 8U | length[1]));
        if (::recv(peer, query.data(), query.size(), MSG_WAITALL) < 17) break;
        ++queries_;
        for (const base::Bytes& message : respond_(query, Transport::tcp)) {
            base::Bytes framed;
            append_u16(framed, message.size());
            std::ranges::copy(message, std::back_inserter(framed));
            ::send(peer, framed.data(), framed.size(), MSG_NOSIGNAL);
        }
        ::shutdown(peer, SHUT_WR);
    }
    ::close(peer);
}

}  // namespace cairn::dns
