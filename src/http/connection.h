#pragma once
// Private to http: one connection of a Server.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/rare_report.h"
#include "http/connection_table.h"
#include "http/proxy_header.h"
#include "http/request_reader.h"
#include "http/response_writer.h"
#include "http/server.h"
#include "http/server_loop.h"
#include "net/peer_stream.h"

namespace cairn::http {

/// What is reported of connections, rarely.
struct ConnectionReports {
    base::RareReport refused, failed_accepts, proxy_headers, out_of_memory;
};

/// One connection: reads requests, has them answered, writes the answers, in turn.
class Connection {
  public:
    using Place = ConnectionTable::Place;
    /// Who is at the other end.
    struct Peer {
        base::IpAddress address;  ///< the loopback's for a local socket
        std::optional<std::uint32_t> local_user{};
    };
    Connection(const Server::Options& options, base::Log& log, RequestIds& ids,
               ConnectionReports& reports, ServerLoop& loop, std::shared_ptr<Place> place,
               net::PeerStream::Socket socket, const Peer& peer);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Serves the connection to its end.
    [[nodiscard]] base::Task<void> run();
    /// What a connection without TLS holds while it waits, by a generous estimate.
    static constexpr std::size_t plain_octets = std::size_t{16} << 10U;
    /// Closes the connection if its peer is between requests.
    void close_if_at_rest();
    void check_deadline(net::PeerStream::SteadyTime now) { stream_.check_deadline(now); }

  private:
    enum class Outcome { kept, closed, refused };
    [[nodiscard]] base::Task<bool> establish();
    /// Reads and checks what a proxy has to say first; false if that ends the connection.
    [[nodiscard]] base::Task<bool> hear_proxy(std::uint8_t first_octet);
    [[nodiscard]] base::Task<base::Result<ProxyHeader>> receive_proxy_header();
    void report_proxy(std::string_view reason);
    void report_no_place();
    [[nodiscard]] base::Task<bool> start_tls();
    [[nodiscard]] base::Task<bool> receive_request();
    [[nodiscard]] base::Task<Outcome> serve_request();
    [[nodiscard]] base::Task<Response> answer(Request request, const std::string& id,
                                              const std::string& method, const std::string& target);
    [[nodiscard]] Response refuse(const Request& understood, const Refusal& refusal) const;
    /// Sends the response to what was no request that could be served; then nothing else is.
    [[nodiscard]] base::Task<bool> send_refusal(Refusal refusal);
    [[nodiscard]] base::Task<bool> send(const Response& response, ResponseFraming framing);
    /// The peer has so long to do its part; the connection may have to give way after `prompt`.
    void wait_for_peer(base::Milliseconds deadline, base::Milliseconds prompt);
    void give_way();
    [[nodiscard]] std::size_t octets_at_rest() const;
    [[nodiscard]] std::string client_of(const Request& request) const;
    void log_request(const std::string& id, const std::string& client, const std::string& method,
                     const std::string& target, const std::string& user_agent,
                     const Response& response, net::PeerStream::SteadyTime started);

    const Server::Options& options_;
    base::Log& log_;
    RequestIds& ids_;
    ServerLoop& loop_;
    ConnectionReports& reports_;
    const std::shared_ptr<Place> place_;
    net::PeerStream stream_;
    RequestReader reader_;
    base::IpAddress client_;
    const std::optional<std::uint32_t> local_user_;
    std::string client_text_;
    std::string wire_;  ///< the response being sent, its memory kept for the next
    bool over_tls_ = false;
    bool at_rest_ = false;
    bool answering_ = false;
    bool gives_way_ = false;
};

}  // namespace cairn::http
