#pragma once
// Private to net: one connection of an HttpServer.

#include <atomic>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/log.h"
#include "net/http_request_reader.h"
#include "net/http_response_writer.h"
#include "net/http_server.h"
#include "net/peer_stream.h"

namespace cairn::net {

class HttpConnection;

/// What the connections of one event loop share; used on that loop alone.
struct HttpServerLoop {
    base::Executor executor;
    std::unordered_set<HttpConnection*> connections;
    /// The server stops: no connection is kept after the request under way.
    bool draining = false;

    /// The present time for a Date field, formatted once a second.
    [[nodiscard]] std::string_view date();

  private:
    std::time_t date_time_ = 0;
    std::string date_text_;
};

/// Names for requests that are short and do not repeat, nor do those of two runs. Thread-safe.
class RequestIds {
  public:
    RequestIds();
    [[nodiscard]] std::string next();

  private:
    std::string prefix_;  ///< of this run
    std::atomic<std::uint64_t> count_ = 0;
};

/// One connection: reads requests, has them answered, writes the answers, in turn.
class HttpConnection {
  public:
    HttpConnection(const HttpServer::Options& options, base::Log& log, RequestIds& ids,
                   HttpServerLoop& loop, boost::asio::ip::tcp::socket socket);
    ~HttpConnection();
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    /// Serves the connection to its end.
    [[nodiscard]] base::Task<void> run();
    /// Closes the connection if its peer is between requests.
    void close_if_at_rest();
    void check_deadline(PeerStream::SteadyTime now) { stream_.check_deadline(now); }

  private:
    enum class Outcome { kept, closed, refused };
    [[nodiscard]] base::Task<bool> establish();
    [[nodiscard]] base::Task<bool> receive_request();
    [[nodiscard]] base::Task<Outcome> serve_request();
    [[nodiscard]] base::Task<HttpResponse> answer(HttpRequest request, const std::string& id,
                                                  PeerStream::SteadyTime received);
    [[nodiscard]] base::Task<bool> send(const HttpResponse& response, ResponseFraming framing);
    void set_deadline_after(base::Milliseconds duration);
    void log_request(const std::string& id, const std::string& method, const std::string& target,
                     const std::string& user_agent, const HttpResponse& response,
                     PeerStream::SteadyTime started);

    const HttpServer::Options& options_;
    base::Log& log_;
    RequestIds& ids_;
    HttpServerLoop& loop_;
    PeerStream stream_;
    HttpRequestReader reader_;
    std::string remote_address_;
    std::string wire_;  ///< the response being sent, its memory kept for the next
    bool over_tls_ = false;
    bool at_rest_ = false;
};

}  // namespace cairn::net
