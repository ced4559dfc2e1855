#include "bench/acme_connection.h"

#include <stdexcept>
#include <string_view>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "base/bytes.h"
#include "http/client.h"
#include "protocol/jws.h"

namespace cairn::bench {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;

namespace {

std::string target_of(const std::string& url) {
    return url.substr(url.find('/', std::string_view("https://").size()));
}

}  // namespace

protocol::Directory fetch_directory(const std::string& url, const std::string& root_file) {
    http::Client client({.user_agent = "cairn-bench", .root_file = root_file});
    const auto reply = client.get(url);
    if (!reply) throw std::runtime_error(reply.error().message);
    auto directory = protocol::Directory::from_json(base::bytes_of(reply->body));
    if (!directory) throw std::runtime_error("directory: " + directory.error().message);
    return std::move(*directory);
}

AcmePlace::AcmePlace(unsigned https_port, const std::string& root_file,
                     protocol::Directory its_directory)
    : port(https_port), directory(std::move(its_directory)), tls(asio::ssl::context::tls_client) {
    tls.load_verify_file(root_file);
    tls.set_verify_mode(asio::ssl::verify_peer);
}

AcmeConnection::AcmeConnection(AcmePlace& place, AcmeAccount& account)
    : place_(place), account_(account) {}

base::Task<void> AcmeConnection::connect() {
    stream_.emplace(co_await asio::this_coro::executor, place_.tls);
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(),
                                           static_cast<std::uint16_t>(place_.port));
    co_await stream_->next_layer().async_connect(endpoint, asio::use_awaitable);
    stream_->next_layer().set_option(asio::ip::tcp::no_delay(true));
    std::string host = "localhost";
    SSL_ctrl(stream_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             host.data());
    co_await stream_->async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
}

base::Task<AcmeResponse> AcmeConnection::exchange(
    beast_http::request<beast_http::string_body> request) {
    if (!stream_) co_await connect();
    request.set(beast_http::field::host, "localhost:" + std::to_string(place_.port));
    request.set(beast_http::field::user_agent, "cairn-bench");
    request.prepare_payload();
    co_await beast_http::async_write(*stream_, request, asio::use_awaitable);
    boost::beast::flat_buffer buffer;
    beast_http::response_parser<beast_http::string_body> parser;
    if (request.method() == beast_http::verb::head) parser.skip(true);
    co_await beast_http::async_read(*stream_, buffer, parser, asio::use_awaitable);
    auto response = parser.release();
    if (const auto fresh = response.find("Replay-Nonce"); fresh != response.end())
        nonce_ = std::string(fresh->value());
    if (!response.keep_alive()) stream_.reset();
    co_return response;
}

base::Task<AcmeResponse> AcmeConnection::post(std::string url, std::string payload) {
    if (nonce_.empty())
        co_await exchange({beast_http::verb::head, target_of(place_.directory.new_nonce), 11});
    beast_http::request<beast_http::string_body> request{beast_http::verb::post, target_of(url),
                                                         11};
    request.set(beast_http::field::content_type, "application/jose+json");
    request.body() = protocol::make_jws(
        account_.key, {.url = url, .nonce = nonce_, .kid = account_.url}, payload);
    ++requests_;
    auto response = co_await exchange(std::move(request));
    if (response.result_int() >= 400) throw std::runtime_error(url + ": " + response.body());
    co_return response;
}

base::Task<void> AcmeConnection::register_account() {
    const auto response =
        co_await post(place_.directory.new_account, R"({"termsOfServiceAgreed":true})");
    account_.url = std::string(response.at(beast_http::field::location));
}

}  // namespace cairn::bench
