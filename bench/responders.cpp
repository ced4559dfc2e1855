#include "bench/responders.h"

#include <stdexcept>

#include "base/log.h"
#include "bench/name_server.h"
#include "bench/tls_alpn_responder.h"
#include "http/server.h"
#include "net/socket_address.h"

namespace cairn::bench {

namespace {

http::Server::Options http_options(const ChallengeBoard& board, base::Milliseconds delay) {
    http::Server::Options options;
    options.listen = {"127.0.0.1:0"};
    options.access_log = false;
    options.handler = [&board, delay](http::Request request) -> base::Task<http::Response> {
        if (delay > base::Milliseconds(0)) co_await base::sleep_for(delay);
        http::Response response;
        const auto path = request.path();
        response.body = board.key_authorization(std::string(path.substr(path.rfind('/') + 1)));
        response.status = response.body.empty() ? 404 : 200;
        response.content_type = "application/octet-stream";
        co_return response;
    };
    return options;
}

}  // namespace

struct Responders::State {
    State(const ChallengeBoard& board, base::Milliseconds delay)
        : log(base::silent_log()),
          http(loops, *log, http_options(board, delay)),
          dns(
              loops.executor(0), [&board](const std::string& owner) { return board.texts(owner); },
              delay),
          tls(loops.executor(0), board) {
        http.start();
    }
    ~State() { http.stop(base::Milliseconds(0)); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    std::unique_ptr<base::Log> log;
    net::EventLoops loops{1};
    http::Server http;
    NameServer dns;
    TlsAlpnResponder tls;
};

Responders::Responders(const ChallengeBoard& board, base::Milliseconds delay)
    : state_(std::make_unique<State>(board, delay)) {}
Responders::~Responders() = default;

unsigned Responders::http_port() const {
    return net::SocketAddress::from_text(state_->http.addresses().at(0)).value().port;
}
unsigned Responders::dns_port() const {
    return state_->dns.port();
}
unsigned Responders::tls_port() const {
    return state_->tls.port();
}

}  // namespace cairn::bench
