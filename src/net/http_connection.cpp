#include "net/http_connection.h"

#include <array>
#include <charconv>
#include <exception>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "crypto/random.h"
#include "net/tls_identity_state.h"

namespace cairn::net {
namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

/// The first octet of a TLS handshake record (RFC 8446 section 5.1); no HTTP method has it.
constexpr std::uint8_t tls_handshake_record = 0x16;
/// So many requests are served in one go before other connections of the loop have their turn.
constexpr unsigned requests_in_a_row = 16;
/// A response that made the buffer larger than this gives the memory back.
constexpr std::size_t kept_wire = 16384;

std::string description_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception of an unknown type";
    }
}

}  // namespace

std::string_view HttpServerLoop::date() {
    const std::time_t now = std::time(nullptr);
    if (now != date_time_) {
        std::tm parts{};
        static_cast<void>(gmtime_r(&now, &parts));
        char text[64];
        // The C locale's names are meant; nothing here ever sets another one.
        date_text_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %T GMT", &parts));
        date_time_ = now;
    }
    return date_text_;
}

RequestIds::RequestIds() {
    std::uint8_t octets[4];
    crypto::SystemRandom().fill(octets);
    prefix_ = base::to_hex(octets) + "-";
}

std::string RequestIds::next() {
    std::array<char, 16> digits{};
    const auto count = count_.fetch_add(1, std::memory_order_relaxed);
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), count, 16).ptr;
    return prefix_ + std::string(digits.data(), end);
}

HttpConnection::HttpConnection(const HttpServer::Options& options, base::Log& log, RequestIds& ids,
                               HttpServerLoop& loop, asio::ip::tcp::socket socket)
    : options_(options),
      log_(log),
      ids_(ids),
      loop_(loop),
      stream_(std::move(socket)),
      reader_(options.limits.header, options.limits.body),
      remote_address_(stream_.remote_address()) {
    loop_.connections.insert(this);
    options_.observer->connection_opened();
}

HttpConnection::~HttpConnection() {
    loop_.connections.erase(this);
    options_.observer->connection_closed();
}

void HttpConnection::close_if_at_rest() {
    if (at_rest_) stream_.give_up();
}

void HttpConnection::set_deadline_after(base::Milliseconds duration) {
    stream_.set_deadline(steady_clock::now() + duration);
}

base::Task<void> HttpConnection::run() {
    set_deadline_after(options_.limits.request_deadline);
    if (!co_await establish()) co_return;
    auto outcome = Outcome::kept;
    for (unsigned served = 1; outcome == Outcome::kept; ++served) {
        if (served % requests_in_a_row == 0) {
            co_await asio::post(stream_.executor(), asio::use_awaitable);
        }
        if (!co_await receive_request()) break;
        outcome = co_await serve_request();
    }
    if (outcome == Outcome::refused) {
        co_await stream_.close_after_answer();
    } else {
        stream_.close();
    }
}

base::Task<bool> HttpConnection::establish() {
    if (!options_.tls) co_return true;
    at_rest_ = true;
    if (loop_.draining) stream_.give_up();
    const auto first = co_await stream_.first_octet();
    at_rest_ = false;
    if (!first) co_return false;
    over_tls_ = *first == tls_handshake_record;
    if (over_tls_) {
        auto server_end = options_.tls->state()->new_server_end();
        if (!server_end) {
            options_.observer->handshake_ended(HttpObserver::Handshake::no_certificate, {});
            log_.error("tls_without_certificate", {{"remote", remote_address_}});
            co_return false;
        }
        const auto begun = steady_clock::now();
        const auto failure = co_await stream_.accept_tls(std::move(server_end));
        options_.observer->handshake_ended(failure ? failure->kind : HttpObserver::Handshake::done,
                                           steady_clock::now() - begun);
        if (failure) {
            log_.debug("tls_handshake_failed",
                       {{"remote", remote_address_}, {"reason", failure->reason}});
            co_return false;
        }
        log_.debug("tls_connection", {{"remote", remote_address_}});
    } else if (!options_.plain_handler) {
        const auto response = problem_response(400, "malformed", "this port speaks https");
        ResponseFraming framing;
        framing.connection = ResponseFraming::Connection::closed;
        if (co_await send(response, framing)) co_await stream_.close_after_answer();
        co_return false;
    }
    co_return true;
}

/// Receives until a request is complete or refused; false if the peer went away before that.
base::Task<bool> HttpConnection::receive_request() {
    at_rest_ = reader_.at_rest();
    set_deadline_after(at_rest_ ? options_.limits.idle : options_.limits.request_deadline);
    auto state = reader_.read();
    while (state == HttpRequestReader::State::incomplete) {
        if (at_rest_ && loop_.draining) stream_.give_up();
        const auto got = co_await stream_.read_some(
            reader_.room(), at_rest_ ? PeerStream::Expect::later : PeerStream::Expect::now);
        if (got == 0) {
            at_rest_ = false;
            if (stream_.deadline_passed() && !reader_.at_rest()) {
                options_.observer->request_refused(408);
                const auto response = problem_response(408, "malformed", "the request is too slow");
                ResponseFraming framing;
                framing.connection = ResponseFraming::Connection::closed;
                if (co_await send(response, framing)) stream_.close();
            }
            co_return false;
        }
        if (std::exchange(at_rest_, false)) set_deadline_after(options_.limits.request_deadline);
        reader_.received(got);
        state = reader_.read();
        if (reader_.take_continue_wish() &&
            !co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n")) {
            co_return false;
        }
    }
    at_rest_ = false;
    co_return true;
}

base::Task<HttpConnection::Outcome> HttpConnection::serve_request() {
    const auto started = steady_clock::now();
    const std::string id = ids_.next();
    const std::string method = reader_.request().method;
    const std::string target = base::printable(reader_.request().target);
    std::string user_agent;
    if (options_.access_log) user_agent = base::printable(reader_.request().field("User-Agent"));
    const bool refused = !reader_.refusal().detail.empty();
    const bool wants_keeping = reader_.keeps_connection();

    // While the handler works its own deadlines count, not the peer's.
    stream_.set_deadline(PeerStream::SteadyTime::max());
    HttpResponse response;
    if (refused) {
        options_.observer->request_refused(reader_.refusal().status);
        response =
            problem_response(reader_.refusal().status, "malformed", reader_.refusal().detail);
        // RFC 9110 section 15.5.16: which codings would have been taken.
        if (response.status == 415) response.fields.emplace_back("Accept-Encoding", "identity");
    } else {
        response = co_await answer(reader_.take(), id, started);
    }

    const bool kept = wants_keeping && !response.close && !loop_.draining;
    ResponseFraming framing;
    if (method == "HEAD") framing.body = ResponseFraming::Body::left_out;
    framing.connection = !kept                   ? ResponseFraming::Connection::closed
                         : reader_.is_http_1_0() ? ResponseFraming::Connection::kept_1_0
                                                 : ResponseFraming::Connection::kept;
    const bool sent = co_await send(response, framing);
    if (options_.access_log) log_request(id, method, target, user_agent, response, started);
    if (!sent) co_return Outcome::closed;
    co_return refused ? Outcome::refused : kept ? Outcome::kept : Outcome::closed;
}

base::Task<HttpResponse> HttpConnection::answer(HttpRequest request, const std::string& id,
                                                PeerStream::SteadyTime received) {
    request.remote_address = remote_address_;
    request.over_tls = over_tls_;
    request.id = id;
    request.received = received;
    const auto& handler = over_tls_ || !options_.tls ? options_.handler : options_.plain_handler;
    std::exception_ptr failure;
    try {
        co_return co_await handler(std::move(request));
    } catch (...) {
        failure = std::current_exception();
    }
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) std::rethrow_exception(failure);
    options_.observer->request_failed();
    log_.error("request_failed", {{"id", id}, {"reason", description_of(failure)}});
    co_return problem_response(500, "serverInternal",
                               "the server failed; its log says why, under request " + id);
}

base::Task<bool> HttpConnection::send(const HttpResponse& response, ResponseFraming framing) {
    framing.date = loop_.date();
    wire_.clear();
    if (!append_response(wire_, response, framing)) {
        log_.error("response_with_control_characters", {{"remote", remote_address_}});
        co_return false;
    }
    set_deadline_after(options_.limits.write_deadline);
    const bool sent = co_await stream_.write(wire_);
    if (wire_.capacity() > kept_wire) wire_ = std::string();
    co_return sent;
}

void HttpConnection::log_request(const std::string& id, const std::string& method,
                                 const std::string& target, const std::string& user_agent,
                                 const HttpResponse& response, PeerStream::SteadyTime started) {
    const std::chrono::duration<double, std::milli> taken = steady_clock::now() - started;
    log_.info("request", {{"id", id},
                          {"remote", remote_address_},
                          {"method", method},
                          {"target", target},
                          {"status", response.status},
                          {"milliseconds", taken.count()},
                          {"bytes", response.body.size()},
                          {"account", response.log_account},
                          {"detail", response.log_detail},
                          {"user_agent", user_agent}});
}

}  // namespace cairn::net
