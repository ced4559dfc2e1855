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

#include "va/redirect.h"
#include "va/tls.h"
#include "va/validation.h"

namespace cairn::va {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using net::Url;
using protocol::OrProblem;
using protocol::Problem;
using protocol::ProblemType;

namespace {

constexpr std::size_t max_header = 16384;
/// The longest key authorization has 300 octets; the rest is for white space behind it.
constexpr std::size_t max_body = 512;
/// Most interim responses (1xx) that are skipped before the final one.
constexpr int max_interim_responses = 5;

// Messages quote at most 200 characters of what the peer chose.
constexpr std::size_t quoted_url = 120;
constexpr std::size_t quoted_body = 80;

/// As much of a response as validation looks at.
struct Reply {
    std::string peer;  ///< who sent it: "192.0.2.1:80"
    unsigned status = 0;
    std::vector<std::string> locations;
    std::string body;  ///< its first max_body + 1 octets; only of status 200
};

Problem exchange_problem(const std::string& peer, const boost::system::error_code& error) {
    const auto problem = [&](ProblemType type, std::string_view how) {
        return Problem(type, fmt::format("{}: {}", peer, how));
    };
    if (error == http::error::end_of_stream || error == http::error::partial_message ||
        error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        return problem(ProblemType::connection, "closed the connection before its answer ended");
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return problem(ProblemType::incorrect_response,
                       fmt::format("the answer's header is beyond {} octets", max_header));
    }
    if (error.category() == make_error_code(http::error::bad_version).category()) {
        return problem(ProblemType::incorrect_response,
                       fmt::format("the answer is not HTTP/1.1: {}", describe(error)));
    }
    if (error.category() == asio::error::get_ssl_category()) {
        return problem(ProblemType::tls, describe(error));
    }
    return problem(ProblemType::connection,
                   fmt::format("waiting for an answer: {}", describe(error)));
}

http::request<http::empty_body> request_for(const Url& url, const Settings& settings) {
    http::request<http::empty_body> request(http::verb::get, url.target(), 11);
    request.set(http::field::host, url.authority());
    request.set(http::field::user_agent, settings.user_agent);
    request.set(http::field::accept, "*/*");
    request.set(http::field::accept_encoding, "identity");
    request.set(http::field::connection, "close");
    return request;
}

/// One request and the response to it. Nothing is read beyond what `Reply` holds.
template <class Stream>
base::Task<OrProblem<Reply>> exchange(Stream& stream, std::string peer, const Url& url,
                                      const Settings& settings) {
    constexpr auto with_error = asio::as_tuple(asio::use_awaitable);
    const auto request = request_for(url, settings);
    if (const auto [error, size] = co_await http::async_write(stream, request, with_error); error) {
        co_return std::unexpected(exchange_problem(peer, error));
    }

    boost::beast::flat_buffer buffer(max_header + max_body);
    std::optional<http::response_parser<http::buffer_body>> parser;
    for (int responses = 0; responses <= max_interim_responses; ++responses) {
        parser.emplace();
        parser->header_limit(static_cast<std::uint32_t>(max_header));
        parser->body_limit(boost::none);  // only as much is read as `body` below takes
        const auto [error, size] =
            co_await http::async_read_header(stream, buffer, *parser, with_error);
        if (error) co_return std::unexpected(exchange_problem(peer, error));
        if (parser->get().result_int() / 100 != 1) break;
    }

    Reply reply;
    reply.peer = std::move(peer);
    reply.status = parser->get().result_int();
    const auto [first, last] = parser->get().equal_range(http::field::location);
    for (auto field = first; field != last; ++field) reply.locations.emplace_back(field->value());
    if (reply.status != 200) co_return reply;

    std::array<char, max_body + 1> body;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    parser->get().body().data = body.data();
    parser->get().body().size = body.size();
    const auto [error, size] = co_await http::async_read(stream, buffer, *parser, with_error);
    if (error && error != http::error::need_buffer) {
        co_return std::unexpected(exchange_problem(reply.peer, error));
    }
    reply.body.assign(body.data(), body.size() - parser->get().body().size);
    co_return reply;
}

/// One hop: a connection of its own, and one exchange on it.
base::Task<OrProblem<Reply>> fetch(const Url& url, Dialer& dialer, const Settings& settings) {
    const auto port = port_to_dial(url, settings).value();
    auto dialled = url.host_is_address()
                       ? dialer.connect(base::IpAddress::from_text(url.host()).value(), port)
                       : dialer.connect(url.host(), port);
    auto connection = co_await std::move(dialled);
    if (!connection) co_return std::unexpected(std::move(connection.error()));
    const auto peer = connection->peer;
    if (!url.is_https()) co_return co_await exchange(connection->stream, peer, url, settings);

    ClientHello hello;
    if (!url.host_is_address()) hello.server_name = url.host();
    auto stream = co_await handshake(std::move(*connection), std::move(hello));
    if (!stream) co_return std::unexpected(std::move(stream.error()));
    co_return co_await exchange(**stream, peer, url, settings);
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

/// `text` without the white space at its end (RFC 8555 section 8.3).
std::string_view without_trailing_space(std::string_view text) {
    return text.substr(0, text.find_last_not_of(" \t\r\n\v\f") + 1);
}

/// What is wrong with a reply that is no redirect, if anything.
std::optional<std::string> fault_of(const Reply& reply, const Validation& validation) {
    if (reply.status != 200) return fmt::format("status {}, not 200", reply.status);
    const auto quoted = base::printable(reply.body, quoted_body);
    if (reply.body.size() > max_body) {
        return fmt::format("the body is beyond {} octets and begins \"{}\"", max_body, quoted);
    }
    if (without_trailing_space(reply.body) != validation.key_authorization) {
        return fmt::format("the body is not the key authorization but \"{}\"", quoted);
    }
    return std::nullopt;
}

/// Where the reply to a redirect leads.
base::Result<Url> next_url(const Url& url, const Reply& reply, int redirects, const Url& start,
                           const Settings& settings) {
    if (redirects == max_redirects) {
        return base::fail(fmt::format("more than {} redirects", max_redirects));
    }
    if (reply.locations.size() != 1) {
        return base::fail(
            fmt::format("status {} with {} Location fields", reply.status, reply.locations.size()));
    }
    auto next = redirect_target(url, reply.locations.front(), start.host(), settings);
    if (!next) return std::unexpected(next.error().within("a redirect is not followed"));
    return next;
}

}  // namespace

base::Task<OrProblem<Evidence>> validate_http01(const Validation& validation,
                                                const Settings& settings, net::Resolver& resolver) {
    if (validation.identifier.is_wildcard()) {
        throw std::logic_error("http-01 does not prove control of wildcards");  // BR 3.2.2.4.19
    }
    Dialer dialer(resolver, settings.egress, std::chrono::steady_clock::now() + settings.deadline);
    const auto start = first_url(validation, settings);
    auto url = start;
    for (int redirects = 0;; ++redirects) {
        const auto failed = [&](ProblemType type, std::string_view how) {
            // The first URL is known to the subscriber; a later one is the peer's text.
            const auto to = redirects == 0
                                ? std::string()
                                : " redirected to " + base::printable(url.to_string(), quoted_url);
            return std::unexpected(
                Problem(type, fmt::format("{}{}: {}", start.to_string(), to, how)));
        };
        const auto reply = co_await fetch(url, dialer, settings);
        if (!reply) co_return failed(reply.error().type, reply.error().detail);
        if (!is_redirect(reply->status)) {
            if (const auto fault = fault_of(*reply, validation)) {
                co_return failed(ProblemType::unauthorized,
                                 fmt::format("{}: {}", reply->peer, *fault));
            }
            co_return Evidence{dialer.steps()};
        }
        auto next = next_url(url, *reply, redirects, start, settings);
        if (!next) {
            co_return std::unexpected(
                Problem(ProblemType::connection,
                        fmt::format("{}: {}", start.to_string(), next.error().message)));
        }
        url = std::move(*next);
    }
}

}  // namespace cairn::va
