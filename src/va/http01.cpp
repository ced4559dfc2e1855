// http-01: RFC 8555 section 8.3, RFC 8738 section 4, BR 3.2.2.4.19.

#include <array>
#include <optional>
#include <stdexcept>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include "va/http01_reply.h"
#include "va/redirect.h"
#include "va/tls.h"
#include "va/validation.h"

namespace cairn::va {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using net::Url;
using protocol::ProblemType;

namespace {

constexpr std::size_t max_header = 16384;
/// Most interim responses (1xx) that are skipped before the final one.
constexpr int max_interim_responses = 5;

// Messages quote at most 200 characters of what the peer chose.
constexpr std::size_t quoted_url = 120;

Failure exchange_failure(const std::string& peer, const boost::system::error_code& error,
                         Disclosure disclosure) {
    throw_shortage(error);
    const auto problem = [&](ProblemType type, std::string_view how,
                             Outlook outlook = Outlook::final) {
        if (disclosure == Disclosure::none) how = "there was no usable answer";
        return Failure(type, fmt::format("{}: {}", peer, how), outlook);
    };
    if (error == beast_http::error::end_of_stream || error == beast_http::error::partial_message ||
        error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        return problem(ProblemType::connection, "closed the connection before its answer ended",
                       Outlook::may_heal);
    }
    if (error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow) {
        return problem(ProblemType::incorrect_response,
                       fmt::format("the answer's header is beyond {} octets", max_header));
    }
    if (error.category() == make_error_code(beast_http::error::bad_version).category()) {
        return problem(ProblemType::incorrect_response,
                       fmt::format("the answer is not HTTP/1.1: {}", describe(error)));
    }
    if (error.category() == asio::error::get_ssl_category()) {
        return problem(ProblemType::tls,
                       disclosure == Disclosure::quotes ? describe(error) : "TLS failed");
    }
    return problem(ProblemType::connection,
                   fmt::format("waiting for an answer: {}", describe(error)), Outlook::may_heal);
}

beast_http::request<beast_http::empty_body> request_for(const Url& url, const Settings& settings) {
    beast_http::request<beast_http::empty_body> request(beast_http::verb::get, url.target(), 11);
    request.set(beast_http::field::host, url.authority());
    request.set(beast_http::field::user_agent, settings.user_agent);
    request.set(beast_http::field::accept, "*/*");
    request.set(beast_http::field::accept_encoding, "identity");
    request.set(beast_http::field::connection, "close");
    return request;
}

/// One request and the response to it. Nothing is read beyond what `Reply` holds.
template <class Stream>
base::Task<OrFailure<Reply>> exchange(Stream& stream, std::string peer, const Url& url,
                                      const Settings& settings, Disclosure disclosure) {
    constexpr auto with_error = asio::as_tuple(asio::use_awaitable);
    const auto request = request_for(url, settings);
    if (const auto [error, size] = co_await beast_http::async_write(stream, request, with_error);
        error) {
        co_return std::unexpected(exchange_failure(peer, error, disclosure));
    }

    boost::beast::flat_buffer buffer(max_header + max_body);
    std::optional<beast_http::response_parser<beast_http::buffer_body>> parser;
    for (int responses = 0; responses <= max_interim_responses; ++responses) {
        parser.emplace();
        parser->header_limit(static_cast<std::uint32_t>(max_header));
        parser->body_limit(boost::none);  // only as much is read as `body` below takes
        const auto [error, size] =
            co_await beast_http::async_read_header(stream, buffer, *parser, with_error);
        if (error) co_return std::unexpected(exchange_failure(peer, error, disclosure));
        if (parser->get().result_int() / 100 != 1) break;
    }

    Reply reply;
    reply.peer = std::move(peer);
    reply.status = parser->get().result_int();
    const auto [first, last] = parser->get().equal_range(beast_http::field::location);
    for (auto field = first; field != last; ++field) reply.locations.emplace_back(field->value());
    if (reply.status != 200 && !settings.tell) co_return reply;

    std::array<char, max_body + 1> body;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    parser->get().body().data = body.data();
    parser->get().body().size = body.size();
    const auto [error, size] = co_await beast_http::async_read(stream, buffer, *parser, with_error);
    if (error && error != beast_http::error::need_buffer) {
        co_return std::unexpected(exchange_failure(reply.peer, error, disclosure));
    }
    reply.body.assign(body.data(), body.size() - parser->get().body().size);
    co_return reply;
}

/// One URL on the way from the challenge's URL to the key authorization.
struct Hop {
    Url url;
    int redirects = 0;
    Reach reach = Reach::of_validated_name();
    /// The granted address that the validated name led to, as long as no redirect led elsewhere.
    std::optional<base::IpAddress> granted{};
};

struct Visit {
    Reply reply;
    base::IpAddress address;
    AddressSpace space;
};

/// One hop: a connection of its own, and one exchange on it.
base::Task<OrFailure<Visit>> visit(const Hop& hop, Dialer& dialer, const Settings& settings) {
    const Url& url = hop.url;
    const auto port = port_to_dial(url, settings).value();
    auto dialled =
        url.host_is_address()
            ? dialer.connect(base::IpAddress::from_text(url.host()).value(), port, hop.reach)
            : dialer.connect(url.host(), port, hop.reach);
    auto connection = co_await std::move(dialled);
    if (!connection) co_return std::unexpected(std::move(connection.error()));
    const auto peer = connection->peer;
    const auto address = connection->address;
    const auto space = connection->space;
    const auto disclosure = disclosure_of(space, hop.redirects);
    const auto visited = [&](OrFailure<Reply> reply) -> OrFailure<Visit> {
        if (!reply) return std::unexpected(std::move(reply.error()));
        return Visit{std::move(*reply), address, space};
    };
    if (!url.is_https()) {
        auto reply = co_await exchange(connection->stream, peer, url, settings, disclosure);
        co_return visited(std::move(reply));
    }

    ClientHello hello;
    if (!url.host_is_address()) hello.server_name = url.host();
    auto stream = co_await handshake(std::move(*connection), std::move(hello), disclosure);
    if (!stream) co_return std::unexpected(std::move(stream.error()));
    if (settings.tell) settings.tell(told_of_tls((*stream)->native_handle(), peer));
    auto reply = co_await exchange(**stream, peer, url, settings, disclosure);
    co_return visited(std::move(reply));
}

Url first_url(const Validation& validation, const Settings& settings) {
    const auto& identifier = validation.identifier;
    const auto host = identifier.type() == protocol::IdentifierType::ip
                          ? identifier.ip_address().to_url_host()
                          : identifier.base_value();
    return Url::from_text(fmt::format("http://{}:{}/.well-known/acme-challenge/{}", host,
                                      settings.http_port, validation.token.text()))
        .value();
}

/// The part of a page that is reported as it came.
constexpr std::size_t reported_page = 100;

Evidence::WebAnswer::Redirect redirect_of(const Url& url, const Reply& reply) {
    return {url.to_string(), reply.status};
}

/// What an operator is told of an answer: its status, where it leads, and how its body begins.
std::string told_of(const Url& url, const Reply& reply) {
    auto text = fmt::format("GET {} at {}: status {}", base::printable(url.to_string(), quoted_url),
                            reply.peer, reply.status);
    for (const auto& location : reply.locations)
        text += ", Location: " + base::printable(location, quoted_url);
    if (!reply.body.empty()) text += ", body begins: " + base::printable(reply.body, max_body);
    return text;
}

/// The next URL after a redirect. Only the validated name itself may lead to a granted address, and
/// only to the one where it was found: a redirect to another name, or a name that changes its
/// addresses, opens nothing.
Hop next_hop(const Hop& hop, const Visit& visited, Url url, const Url& start) {
    Hop next{std::move(url), hop.redirects + 1};
    const bool stays = next.url.host() == start.host();
    if (stays && visited.space == AddressSpace::granted) next.granted = visited.address;
    next.reach = Reach::of_redirect(next.granted);
    return next;
}

}  // namespace

base::Task<OrFailure<Evidence>> validate_http01(const Validation& validation,
                                                const Settings& settings, dns::Resolver& resolver) {
    if (validation.identifier.is_wildcard()) {
        throw std::logic_error("http-01 does not prove control of wildcards");  // BR 3.2.2.4.19
    }
    Dialer dialer(resolver, settings.egress, std::chrono::steady_clock::now() + settings.deadline);
    const auto start = first_url(validation, settings);
    Hop hop{start};
    // The target of a redirect for messages: the peer's text, unless that may not be told.
    std::string redirected;
    Evidence::WebAnswer web;
    const auto evidence = [&] {
        auto seen = dialer.evidence();
        if (web.status != 0) seen.web = web;
        return seen;
    };
    for (;;) {
        const auto failed = [&](const Failure& failure) {
            return std::unexpected(
                Failure(failure.type,
                        fmt::format("{}{}: {}", start.to_string(), redirected, failure.detail),
                        failure.outlook, evidence()));
        };
        const auto visited = co_await visit(hop, dialer, settings);
        if (!visited) co_return failed(visited.error());
        const auto& reply = visited->reply;
        if (settings.tell) settings.tell(told_of(hop.url, reply));
        const auto disclosure = disclosure_of(visited->space, hop.redirects);
        web.url = hop.url.to_string();
        web.status = reply.status;
        if (!is_redirect(reply.status)) {
            const auto fault = fault_of(reply, validation.key_authorization, disclosure);
            if (!fault || disclosure == Disclosure::quotes)
                web.page = reply.body.substr(0, reported_page);
            if (fault) {
                co_return failed({ProblemType::unauthorized,
                                  fmt::format("{}: {}", reply.peer, fault->text), fault->outlook});
            }
            co_return evidence();
        }
        auto next = next_url(hop.url, reply, hop.redirects, start, settings, disclosure);
        if (!next) {
            co_return std::unexpected(
                Failure(ProblemType::connection,
                        fmt::format("{}: {}", start.to_string(), next.error().message),
                        Outlook::final, evidence()));
        }
        redirected = disclosure == Disclosure::quotes
                         ? " redirected to " + base::printable(next->to_string(), quoted_url)
                         : std::string(" redirected");
        web.redirects.push_back(redirect_of(hop.url, reply));
        hop = next_hop(hop, *visited, std::move(*next), start);
    }
}

}  // namespace cairn::va
