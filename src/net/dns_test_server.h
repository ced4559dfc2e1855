#pragma once
// For tests alone: a DNS server on a free port of loopback that answers as the test says.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "net/dns_message.h"

namespace cairn::net {

/// One record for the answer section; an empty owner stands for the name asked for.
struct DnsTestRecord {
    std::string owner;
    RecordType type = RecordType::a;
    base::Bytes data;
    std::uint32_t time_to_live = 300;
};
/// A name in wire format, uncompressed.
[[nodiscard]] base::Bytes wire_name(std::string_view name);
/// The data of a TXT record of one string.
[[nodiscard]] base::Bytes txt_data(std::string_view text);

struct DnsTestReply {
    int response_code = 0;
    std::vector<DnsTestRecord> records{};
    bool truncated = false;
    /// The message that answers `query`.
    [[nodiscard]] base::Bytes to(base::BytesView query) const;
};

/// The name in the question of `query`, lower case; and its type.
[[nodiscard]] std::pair<std::string, std::uint16_t> question_of(base::BytesView query);

/// Serves UDP and TCP in a thread of its own until it goes.
class DnsTestServer {
  public:
    enum class Transport { udp, tcp };
    /// The messages to send back, none or several. Called on the server's thread.
    using Messages = std::vector<base::Bytes>;
    using Respond = std::function<Messages(base::BytesView query, Transport)>;

    /// On a free port, or on `port`.
    explicit DnsTestServer(Respond respond, std::uint16_t port = 0);
    ~DnsTestServer();
    DnsTestServer(const DnsTestServer&) = delete;
    DnsTestServer& operator=(const DnsTestServer&) = delete;

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

}  // namespace cairn::net
