#include "http/connection.h"

#include <array>
#include <exception>
#include <new>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/forwarded_for.h"
#include "net/client_network.h"
#include "net/tls_identity_state.h"

namespace cairn::http {
namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

/// The first octet of a TLS handshake record (RFC 8446 section 5.1); no HTTP method has it.
constexpr std::uint8_t tls_handshake_record = 0x16;
/// So many requests are served in one go before other connections of the loop have their turn.
constexpr unsigned requests_in_a_row = 16;
/// What a connection with TLS holds beside `plain_octets`.
constexpr std::size_t tls_octets = std::size_t{32} << 10U;
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

Connection::Connection(const Server::Options& options, base::Log& log, RequestIds& ids,
                       ConnectionReports& reports, ServerLoop& loop, std::shared_ptr<Place> place,
                       net::PeerStream::Socket socket, const Peer& peer)
    : options_(options),
      log_(log),
      ids_(ids),
      loop_(loop),
      reports_(reports),
      place_(std::move(place)),
      stream_(std::move(socket)),
      reader_(options.limits.header, options.limits.body),
      client_(peer.address),
      local_user_(peer.local_user),
      client_text_(peer.local_user ? "local" : peer.address.to_string()) {
    loop_.connections.insert(this);
    place_->on_giving_way = [this] { give_way(); };
    options_.observer->connection_opened();
}

Connection::~Connection() {
    place_->on_giving_way = nullptr;
    loop_.connections.erase(this);
    options_.observer->connection_closed();
}

void Connection::close_if_at_rest() {
    if (at_rest_) stream_.give_up();
}

void Connection::give_way() {
    gives_way_ = true;
    if (!answering_) stream_.give_up();
}

void Connection::wait_for_peer(base::Milliseconds deadline, base::Milliseconds prompt) {
    const auto now = steady_clock::now();
    stream_.set_deadline(now + deadline);
    place_->waits_from(now + prompt);
}

base::Task<void> Connection::run() {
    wait_for_peer(options_.limits.request_deadline, base::Milliseconds(0));
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

base::Task<bool> Connection::establish() {
    const bool may_have_proxy = is_trusted(client_, options_.trusted_proxies);
    if (!options_.tls && !may_have_proxy) co_return true;
    at_rest_ = true;
    if (loop_.draining) stream_.give_up();
    auto first = co_await stream_.first_octet();
    at_rest_ = false;
    if (!first) co_return false;
    wait_for_peer(options_.limits.request_deadline, options_.limits.prompt);
    if (*first != tls_handshake_record || may_have_proxy) {
        const bool goes_on = co_await hear_proxy(*first);
        if (!goes_on) co_return false;
        first = co_await stream_.first_octet();
        if (!first) co_return false;
    }
    if (!options_.tls) co_return true;
    over_tls_ = *first == tls_handshake_record;
    if (over_tls_) co_return co_await start_tls();
    reader_.limit_bodies(options_.limits.plain_body);
    if (options_.plain_handler) co_return true;
    Refusal refusal{400, "this port speaks https"};
    if (co_await send_refusal(std::move(refusal))) co_await stream_.close_after_answer();
    co_return false;
}

base::Task<bool> Connection::hear_proxy(std::uint8_t first_octet) {
    using Beginning = ProxyHeader::Beginning;
    const bool is_proxy = is_trusted(client_, options_.trusted_proxies);
    std::array<char, ProxyHeader::fixed_size> room{};
    const auto beginning = ProxyHeader::beginning_of(stream_.peek(room));
    if (beginning == Beginning::version_1) {
        report_proxy("version 1 of the PROXY protocol is not spoken here, but version 2");
        co_return false;
    }
    if (!is_proxy) {
        if (beginning == Beginning::no_header) co_return true;
        report_proxy("the address is not among server.trusted_proxies");
        co_return false;
    }
    // From a proxy this cannot be anything else, even if only a part has come yet.
    if (first_octet != '\r') {
        // A TLS connection has no other way to tell whose it is.
        if (first_octet != tls_handshake_record) co_return true;
        report_proxy("a trusted proxy must send a PROXY protocol header before TLS");
        co_return false;
    }
    const auto header = co_await receive_proxy_header();
    if (!header) {
        report_proxy(header.error().message);
        co_return false;
    }
    if (!header->client()) co_return true;  // it speaks for itself
    client_ = *header->client();
    client_text_ = client_.to_string();
    if (is_trusted(client_, options_.trusted_proxies)) co_return true;
    const bool has_place = place_->belongs_to(net::client_network(client_));
    if (!has_place) report_no_place();
    co_return has_place;
}

void Connection::report_no_place() {
    options_.observer->connection_refused();
    if (const auto count = reports_.refused.count_one(); count > 0)
        log_.warning("connections refused", {{"count", count}, {"remote", client_text_}});
}

base::Task<base::Result<ProxyHeader>> Connection::receive_proxy_header() {
    const auto cut_short = base::fail("the PROXY protocol header is cut short");
    std::string octets(ProxyHeader::fixed_size, '\0');
    bool complete = co_await stream_.receive_plain(octets);
    if (!complete) co_return cut_short;
    const auto rest = ProxyHeader::size_of_rest(base::bytes_of(octets));
    if (!rest) co_return std::unexpected(rest.error());
    octets.resize(octets.size() + *rest);
    complete = co_await stream_.receive_plain(std::span(octets).subspan(ProxyHeader::fixed_size));
    if (!complete) co_return cut_short;
    co_return ProxyHeader::from_octets(base::bytes_of(octets));
}

void Connection::report_proxy(std::string_view reason) {
    if (const auto count = reports_.proxy_headers.count_one(); count > 0)
        log_.warning("proxy header refused",
                     {{"remote", client_text_}, {"reason", reason}, {"count", count}});
}

base::Task<bool> Connection::start_tls() {
    if (!place_->holds(octets_at_rest())) {
        report_no_place();
        co_return false;
    }
    auto server_end = options_.tls->state()->new_server_end();
    if (!server_end) {
        options_.observer->handshake_ended(Observer::Handshake::no_certificate, {});
        log_.error("tls without certificate", {{"remote", client_text_}});
        co_return false;
    }
    const auto begun = steady_clock::now();
    const auto failure = co_await stream_.accept_tls(std::move(server_end));
    options_.observer->handshake_ended(failure ? failure->kind : Observer::Handshake::done,
                                       steady_clock::now() - begun);
    if (failure)
        log_.debug("tls handshake failed", {{"remote", client_text_}, {"reason", failure->reason}});
    else
        log_.debug("tls connection", {{"remote", client_text_}});
    co_return !failure;
}

/// Receives until a request is complete or refused; false if the peer went away before that.
base::Task<bool> Connection::receive_request() {
    at_rest_ = reader_.at_rest();
    (void)place_->holds(octets_at_rest() + reader_.held_beyond_usual());  // less than before
    if (at_rest_)
        wait_for_peer(options_.limits.idle, base::Milliseconds(0));
    else
        wait_for_peer(options_.limits.request_deadline, options_.limits.prompt);
    auto state = reader_.read();
    while (state == RequestReader::State::incomplete) {
        if (gives_way_ || (at_rest_ && loop_.draining)) stream_.give_up();
        const auto got =
            co_await stream_.read_some(reader_.room(), at_rest_ ? net::PeerStream::Expect::later
                                                                : net::PeerStream::Expect::now);
        if (got == 0) {
            at_rest_ = false;
            if ((stream_.deadline_passed() || gives_way_) && !reader_.at_rest()) {
                Refusal refusal{408, "the request is too slow"};
                if (co_await send_refusal(std::move(refusal))) stream_.close();
            }
            co_return false;
        }
        if (std::exchange(at_rest_, false))
            wait_for_peer(options_.limits.request_deadline, options_.limits.prompt);
        reader_.received(got);
        state = reader_.read();
        if (!place_->holds(octets_at_rest() + reader_.held_beyond_usual())) {
            Refusal refusal{503, "too many requests are unfinished; try later"};
            if (co_await send_refusal(std::move(refusal))) co_await stream_.close_after_answer();
            co_return false;
        }
        if (reader_.take_continue_request() &&
            !co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n")) {
            co_return false;
        }
    }
    at_rest_ = false;
    co_return true;
}

base::Task<Connection::Outcome> Connection::serve_request() {
    const auto started = steady_clock::now();
    const std::string id = ids_.next();
    const std::string method = reader_.request().method;
    const std::string target = base::printable(reader_.request().target);
    std::string user_agent;
    if (options_.access_log) user_agent = base::printable(reader_.request().field("User-Agent"));
    const bool refused = !reader_.refusal().detail.empty();
    const bool wants_keeping = reader_.keeps_connection();

    // While the handler works its own deadlines count, not the peer's.
    stream_.set_deadline(net::PeerStream::SteadyTime::max());
    place_->works();
    answering_ = true;
    Response response;
    std::string forwarded_client;
    if (refused) {
        options_.observer->request_refused(reader_.refusal().status);
        response = refuse(reader_.request(), reader_.refusal());
        // RFC 9110 section 15.5.16: which codings would have been taken.
        if (response.status == 415) response.fields.emplace_back("Accept-Encoding", "identity");
    } else {
        Request request = reader_.take();
        if (!over_tls_) forwarded_client = client_of(request);
        request.remote_address = forwarded_client.empty() ? client_text_ : forwarded_client;
        request.over_tls = over_tls_;
        request.client_is_proved = over_tls_ && stream_.is_peer_proved();
        request.local_user = local_user_;
        request.id = id;
        request.received = started;
        response = co_await answer(std::move(request), id, method, target);
    }
    answering_ = false;

    const bool kept = wants_keeping && !response.close && !loop_.draining && !gives_way_;
    ResponseFraming framing;
    if (method == "HEAD") framing.body = ResponseFraming::Body::left_out;
    framing.connection = !kept                   ? ResponseFraming::Connection::closed
                         : reader_.is_http_1_0() ? ResponseFraming::Connection::kept_1_0
                                                 : ResponseFraming::Connection::kept;
    const bool sent = co_await send(response, framing);
    if (options_.access_log)
        log_request(id, forwarded_client.empty() ? client_text_ : forwarded_client, method, target,
                    user_agent, response, started);
    if (!sent) co_return Outcome::closed;
    co_return refused ? Outcome::refused : kept ? Outcome::kept : Outcome::closed;
}

base::Task<Response> Connection::answer(Request request, const std::string& id,
                                        const std::string& method, const std::string& target) {
    const auto& handler = over_tls_ || !options_.tls ? options_.handler : options_.plain_handler;
    std::exception_ptr failure;
    bool out_of_memory = false;
    try {
        co_return co_await handler(std::move(request));
    } catch (const std::bad_alloc&) {
        out_of_memory = true;
    } catch (...) {
        failure = std::current_exception();
    }
    Request understood;
    understood.method = method;
    understood.target = target;
    if (out_of_memory) {
        if (const auto count = reports_.out_of_memory.count_one(); count > 0)
            log_.error("out of memory", {{"count", count}, {"id", id}});
        const Refusal refusal{503, "the server has no memory for this now; try later"};
        co_return refuse(understood, refusal);
    }
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) std::rethrow_exception(failure);
    options_.observer->request_failed();
    log_.error("request failed", {{"id", id}, {"reason", description_of(failure)}});
    const Refusal refusal{500, "the server failed; its log says why, under request " + id};
    co_return refuse(understood, refusal);
}

// The client that a proxy in front names, which speaks HTTP to us itself; empty if none does.
std::string Connection::client_of(const Request& request) const {
    if (!is_trusted(client_, options_.trusted_proxies)) return {};
    return forwarded_client(request, client_, options_.trusted_proxies).to_string();
}

std::size_t Connection::octets_at_rest() const {
    return plain_octets + (over_tls_ ? tls_octets : 0);
}

Response Connection::refuse(const Request& understood, const Refusal& refusal) const {
    if (!options_.refuser) return problem_response(refusal);
    Request request;
    request.method = understood.method;
    request.target = understood.target;
    request.over_tls = over_tls_;
    return options_.refuser(request, refusal);
}

base::Task<bool> Connection::send_refusal(Refusal refusal) {
    options_.observer->request_refused(refusal.status);
    const auto response = refuse(reader_.request(), refusal);
    ResponseFraming framing;
    framing.connection = ResponseFraming::Connection::closed;
    if (reader_.request().method == "HEAD") framing.body = ResponseFraming::Body::left_out;
    co_return co_await send(response, framing);
}

base::Task<bool> Connection::send(const Response& response, ResponseFraming framing) {
    framing.date = loop_.date();
    wire_.clear();
    if (!append_response(wire_, response, framing)) {
        log_.error("response with control characters", {{"remote", client_text_}});
        co_return false;
    }
    wait_for_peer(options_.limits.write_deadline, options_.limits.prompt);
    const bool sent = co_await stream_.write(wire_);
    if (wire_.capacity() > kept_wire) wire_ = std::string();
    co_return sent;
}

void Connection::log_request(const std::string& id, const std::string& client,
                             const std::string& method, const std::string& target,
                             const std::string& user_agent, const Response& response,
                             net::PeerStream::SteadyTime started) {
    const std::chrono::duration<double, std::milli> taken = steady_clock::now() - started;
    log_.info("request", {{"id", id},
                          {"remote", client},
                          {"method", method},
                          {"target", target},
                          {"status", response.status},
                          {"milliseconds", taken.count()},
                          {"bytes", response.body.size()},
                          {"account", response.log_account},
                          {"detail", response.log_detail},
                          {"user_agent", user_agent}});
}

}  // namespace cairn::http
