// What small parts of cairn-ca cost, made by hand and by a library:
// docs/adr/0033-by-hand-or-library.md. by-hand-bench PART by-hand|library ROUNDS does ROUNDS times
// what the part does for one certificate; bench/by_hand/measure counts the instructions.
// by-hand-bench accepted tells what Boost.Beast takes for a request that our own reader refuses.

#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>

#include "apps/ca/metric_family.h"
#include "base/json_quoted.h"
#include "base/log.h"
#include "base/log_line.h"
#include "http/request_reader.h"
#include "http/response_writer.h"
#include "protocol/json_writer.h"

namespace {

namespace beast = boost::beast;
namespace json = boost::json;
using namespace cairn;

/// Signed requests of one certificate have these targets and so many octets of body.
struct Sent {
    const char* target;
    std::size_t body;
};
constexpr Sent sent[] = {{"/acme/new-order", 513},
                         {"/acme/authz/8vJ0mO5hX2q4Yw7Lr1TnKg", 474},
                         {"/acme/chall/8vJ0mO5hX2q4Yw7Lr1TnKg/http-01", 484},
                         {"/acme/order/Qm3pZ6sB1xV9cE0dR7uHfA/finalize", 1002},
                         {"/acme/cert/03a7c1f29be45d6087f3a1", 472}};
/// What is answered to them: octets of body.
constexpr std::size_t answered[] = {402, 517, 236, 508, 1620};

std::string request_text(const Sent& each) {
    return std::string("POST ") + each.target +
           " HTTP/1.1\r\nHost: localhost:14000\r\nUser-Agent: cairn-bench\r\nAccept: */*\r\n"
           "Accept-Language: en\r\nContent-Type: application/jose+json\r\nContent-Length: " +
           std::to_string(each.body) + "\r\n\r\n" + std::string(each.body, 'x');
}

std::size_t read_by_hand(http::RequestReader& reader, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const auto room = reader.room();
        const auto count = std::min(room.size(), text.size() - done);
        text.copy(room.data(), count, done);
        reader.received(count);
        done += count;
        if (reader.read() != http::RequestReader::State::incomplete) break;
    }
    return reader.take().fields.size();
}

using BeastParser = beast::http::request_parser<beast::http::string_body>;

bool read_by_beast(BeastParser& parser, std::string_view text) {
    parser.eager(true);
    parser.header_limit(16384);
    parser.body_limit(65536);
    beast::error_code error;
    while (!text.empty() && !parser.is_done()) {
        const auto used = parser.put(boost::asio::const_buffer(text.data(), text.size()), error);
        if (error || used == 0) break;
        text.remove_prefix(used);
    }
    return !error && parser.is_done();
}

/// What the server must know of a request, as the reader by hand finds it on the way.
std::size_t check_beast(const BeastParser& parser) {
    const auto& message = parser.get();
    std::size_t count = message.count(beast::http::field::host);
    count += message.count(beast::http::field::content_encoding);
    count += message.count(beast::http::field::expect);
    for (const auto& field : message) count += field.value().size();
    return count;
}

http::Response response_of(std::size_t body) {
    http::Response response;
    response.status = 200;
    response.content_type = "application/json";
    response.body.assign(body, 'x');
    response.fields = {{"Replay-Nonce", "oFvnlFP1wIhRlYS2jTaXbA8vJ0mO5hX2q4"},
                       {"Link", "<https://localhost:14000/directory>;rel=\"index\""},
                       {"Cache-Control", "no-store"},
                       {"Location", "https://localhost:14000/acme/order/Qm3pZ6sB1xV9cE0dR7uHfA"}};
    return response;
}

constexpr std::string_view date = "Sun, 29 Nov 2026 12:00:00 GMT";

std::size_t write_by_hand(const http::Response& response) {
    static std::string wire;
    wire.clear();
    return append_response(wire, response, {.date = date}) ? wire.size() : 0;
}

std::size_t write_by_beast(const http::Response& response) {
    static std::string wire;
    wire.clear();
    beast::http::response<beast::http::string_body> message(beast::http::status::ok, 11);
    message.set(beast::http::field::date, beast::string_view(date.data(), date.size()));
    message.set(beast::http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.fields)
        message.insert(beast::string_view(name.data(), name.size()), value);
    message.body() = response.body;
    message.prepare_payload();
    beast::http::response_serializer<beast::http::string_body> serializer(message);
    beast::error_code error;
    while (!serializer.is_done()) {
        serializer.next(error, [&](beast::error_code&, const auto& buffers) {
            std::size_t size = 0;
            for (const auto buffer : beast::buffers_range_ref(buffers)) {
                wire.append(static_cast<const char*>(buffer.data()), buffer.size());
                size += buffer.size();
            }
            serializer.consume(size);
        });
    }
    return wire.size();
}

constexpr const char* order_url = "https://localhost:14000/acme/order/Qm3pZ6sB1xV9cE0dR7uHfA";
constexpr const char* authorization_url =
    "https://localhost:14000/acme/authz/8vJ0mO5hX2q4Yw7Lr1TnKg";
constexpr const char* challenge_url =
    "https://localhost:14000/acme/chall/8vJ0mO5hX2q4Yw7Lr1TnKg/http-01";
constexpr const char* token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
constexpr const char* time_text = "2026-12-06T12:00:00Z";

/// One order and one authorization with three challenges; of the five answers, four are such.
std::size_t json_by_hand() {
    protocol::JsonWriter order;
    order.begin_object();
    order.member("status", std::string_view("pending"));
    order.member("expires", std::string_view(time_text));
    order.name("identifiers");
    order.begin_array();
    order.begin_object();
    order.member("type", std::string_view("dns"));
    order.member("value", std::string_view("host-12345.bench.test"));
    order.end_object();
    order.end_array();
    order.name("authorizations");
    order.begin_array();
    order.value(std::string_view(authorization_url));
    order.end_array();
    order.member("finalize", std::string_view(order_url));
    order.end_object();
    protocol::JsonWriter authorization;
    authorization.begin_object();
    authorization.member("status", std::string_view("pending"));
    authorization.member("expires", std::string_view(time_text));
    authorization.name("challenges");
    authorization.begin_array();
    for (const char* type : {"http-01", "dns-01", "tls-alpn-01"}) {
        authorization.begin_object();
        authorization.member("type", std::string_view(type));
        authorization.member("url", std::string_view(challenge_url));
        authorization.member("status", std::string_view("pending"));
        authorization.member("token", std::string_view(token));
        authorization.end_object();
    }
    authorization.end_array();
    authorization.end_object();
    return order.take().size() + authorization.take().size();
}

std::size_t json_by_boost() {
    unsigned char room[8192];
    json::monotonic_resource memory(room, sizeof room);
    const json::storage_ptr storage(&memory);
    json::object order(storage);
    order["status"] = "pending";
    order["expires"] = time_text;
    json::array identifiers(storage);
    json::object identifier(storage);
    identifier["type"] = "dns";
    identifier["value"] = "host-12345.bench.test";
    identifiers.push_back(std::move(identifier));
    order["identifiers"] = std::move(identifiers);
    order["authorizations"] = json::array({authorization_url}, storage);
    order["finalize"] = order_url;
    json::object authorization(storage);
    authorization["status"] = "pending";
    authorization["expires"] = time_text;
    json::array challenges(storage);
    for (const char* type : {"http-01", "dns-01", "tls-alpn-01"}) {
        json::object challenge(storage);
        challenge["type"] = type;
        challenge["url"] = challenge_url;
        challenge["status"] = "pending";
        challenge["token"] = token;
        challenges.push_back(std::move(challenge));
    }
    authorization["challenges"] = std::move(challenges);
    return json::serialize(order).size() + json::serialize(authorization).size();
}

constexpr int log_lines = 9;

/// A line as it is written for each request.
std::string line_of(base::LogFormat format) {
    return base::log_line(format, std::chrono::system_clock::now(), base::LogLevel::info, "request",
                          {{"request", "8f3a1c20-1f"},
                           {"remote", "127.0.0.1"},
                           {"method", "POST"},
                           {"target", "/acme/chall/8vJ0mO5hX2q4Yw7Lr1TnKg/http-01"},
                           {"status", 200},
                           {"octets", 517},
                           {"milliseconds", 3.25},
                           {"account", "Qm3pZ6sB1xV9cE0dR7uHfA"}});
}

/// What one certificate is counted as: so many additions and observations.
constexpr int counted = 30;
constexpr int observed = 10;

template <class Once>
void repeat(long rounds, Once once) {
    std::size_t sum = 0;
    for (long round = 0; round < rounds; ++round) sum += once();
    std::printf("%zu\n", sum);
}

enum class Kind { x, y, z };
enum class Size { one, two, three, four };

std::string_view to_string(Kind kind) {
    return kind == Kind::x ? "x" : kind == Kind::y ? "y" : "z";
}
std::string_view to_string(Size size) {
    constexpr std::string_view words[] = {"1", "2", "3", "4"};
    return words[static_cast<std::size_t>(size)];
}

void metrics_by_hand(long rounds) {
    const apps::LabelOf<Kind> kind("a");
    const apps::LabelOf<Size> size("b");
    apps::CounterFamily<Kind, Size> counter({"c", "h"}, kind, size);
    apps::HistogramFamily<Kind, Size> histogram({"d", "h"}, apps::HistogramSeries::latency_bounds(),
                                                apps::Shown::all, kind, size);
    repeat(rounds, [&]() -> std::size_t {
        for (unsigned i = 0; i < counted; ++i)
            counter.add(static_cast<Kind>(i % 3), static_cast<Size>(i % 4));
        for (unsigned i = 0; i < observed; ++i)
            histogram.observe(std::chrono::microseconds(700 * i), static_cast<Kind>(i % 3),
                              static_cast<Size>(i % 4));
        return 1;
    });
}

void metrics_by_library(long rounds) {
    prometheus::Registry registry;
    auto& counters = prometheus::BuildCounter().Name("c").Register(registry);
    auto& histograms = prometheus::BuildHistogram().Name("d").Register(registry);
    // The series are found beforehand, as they would be.
    std::vector<prometheus::Counter*> counter;
    std::vector<prometheus::Histogram*> histogram;
    for (const char* a : {"x", "y", "z"}) {
        for (const char* b : {"1", "2", "3", "4"}) {
            counter.push_back(&counters.Add({{"a", a}, {"b", b}}));
            histogram.push_back(
                &histograms.Add({{"a", a}, {"b", b}}, apps::HistogramSeries::latency_bounds()));
        }
    }
    repeat(rounds, [&]() -> std::size_t {
        for (std::size_t i = 0; i < counted; ++i) counter.at(i % 3 * 4 + i % 4)->Increment();
        for (std::size_t i = 0; i < observed; ++i)
            histogram.at(i % 3 * 4 + i % 4)->Observe(7e-4 * static_cast<double>(i));
        return 1;
    });
}

void log_by_hand(long rounds) {
    const auto log = base::open_log("/dev/null", base::LogLevel::info);
    repeat(rounds, [&]() -> std::size_t {
        for (int i = 0; i < log_lines; ++i)
            log->info("request", {{"request", "8f3a1c20-1f"},
                                  {"remote", "127.0.0.1"},
                                  {"method", "POST"},
                                  {"target", "/acme/chall/8vJ0mO5hX2q4Yw7Lr1TnKg/http-01"},
                                  {"status", 200},
                                  {"octets", 517},
                                  {"milliseconds", 3.25},
                                  {"account", "Qm3pZ6sB1xV9cE0dR7uHfA"}});
        return 1;
    });
    log->flush();
}

void log_by_library(long rounds) {
    // The line, JSON, is made as before: spdlog has no fields.
    auto pool = std::make_shared<spdlog::details::thread_pool>(8192, 1);
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>("/dev/null");
    auto log = std::make_shared<spdlog::async_logger>("log", sink, pool,
                                                      spdlog::async_overflow_policy::block);
    log->set_pattern("%v");
    repeat(rounds, [&]() -> std::size_t {
        for (int i = 0; i < log_lines; ++i) {
            auto line = line_of(base::LogFormat::json);
            line.pop_back();
            log->log(spdlog::level::info, spdlog::string_view_t(line));
        }
        return 1;
    });
    log->flush();
}

void quoting(bool by_hand, long rounds) {
    const std::string texts[] = {order_url, authorization_url, challenge_url,
                                 token,     "pending",         "host-12345.bench.test"};
    repeat(rounds, [&]() -> std::size_t {
        std::size_t size = 0;
        for (int count = 0; count < 20; ++count) {
            for (const auto& text : texts)
                size += by_hand ? base::json_quoted(text).size()
                                : json::serialize(json::string_view(text)).size();
        }
        return size;
    });
}

void http_reading(bool by_hand, long rounds) {
    std::vector<std::string> texts;
    for (const auto& each : sent) texts.push_back(request_text(each));
    http::RequestReader reader(16384, 65536);
    repeat(rounds, [&]() -> std::size_t {
        std::size_t sum = 0;
        for (const auto& text : texts) {
            if (by_hand) {
                sum += read_by_hand(reader, text);
            } else {
                BeastParser parser;
                if (read_by_beast(parser, text)) sum += check_beast(parser);
            }
        }
        return sum;
    });
}

void http_writing(bool by_hand, long rounds) {
    std::vector<http::Response> responses;
    for (const auto body : answered) responses.push_back(response_of(body));
    repeat(rounds, [&]() -> std::size_t {
        std::size_t sum = 0;
        for (const auto& each : responses)
            sum += by_hand ? write_by_hand(each) : write_by_beast(each);
        return sum;
    });
}

void json_writing(bool by_hand, long rounds) {
    repeat(rounds, [&] { return 2 * (by_hand ? json_by_hand() : json_by_boost()); });
}

void metrics(bool by_hand, long rounds) {
    by_hand ? metrics_by_hand(rounds) : metrics_by_library(rounds);
}

void logging(bool by_hand, long rounds) {
    by_hand ? log_by_hand(rounds) : log_by_library(rounds);
}

/// What two readers may understand differently: request smuggling.
void print_accepted() {
    const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
    const std::pair<const char*, std::string> hostile[] = {
        {"folded field", get + "X: a\r\n b\r\n\r\n"},
        {"white space before the colon", get + "X : a\r\n\r\n"},
        {"Content-Length twice, equal", post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"},
        {"Content-Length twice, different",
         post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"},
        {"Content-Length: +1", post + "Content-Length: +1\r\n\r\nx"},
        {"Content-Length: 1, 1", post + "Content-Length: 1, 1\r\n\r\nx"},
        {"length and chunked",
         post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"chunked twice",
         post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        {"unknown coding", post + "Transfer-Encoding: xchunked\r\n\r\n"},
        {"chunked in HTTP/1.0",
         "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"bare LF", "GET / HTTP/1.1\nHost: a\n\n"},
        {"bare CR in a value", get + "X: a\rb\r\n\r\n"},
        {"NUL in a value", get + std::string("X: a\0b\r\n\r\n", 10)},
        {"no Host", "GET / HTTP/1.1\r\n\r\n"},
        {"two Hosts", get + "Host: b\r\n\r\n"},
        {"Host is no host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        {"empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"target with a fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"target with 8-bit octets", "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"trailer without a name", post + "Transfer-Encoding: chunked\r\n\r\n0\r\n: x\r\n\r\n"},
        {"chunk size with white space",
         post + "Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n"},
    };
    http::Response splits = response_of(1);
    splits.fields.emplace_back("X", "a\r\nSet-Cookie: b");
    std::printf("%-34s by hand %-9s Beast %s\n", "response whose field holds CR LF",
                write_by_hand(splits) == 0 ? "refused" : "accepted",
                write_by_beast(splits) == 0 ? "refused" : "accepted");
    const std::string no_text = "a\xff\x80";
    std::printf("%-34s by hand %-9s Boost.JSON %s\n", "JSON string that is not UTF-8",
                base::json_quoted(no_text).contains('\xff') ? "accepted" : "mended",
                json::serialize(json::string_view(no_text)).find('\xff') != std::string::npos
                    ? "accepted"
                    : "mended");
    for (const auto& [name, text] : hostile) {
        http::RequestReader reader(16384, 65536);
        const auto room = reader.room();
        text.copy(room.data(), room.size());
        reader.received(text.size());
        const bool ours = reader.read() == http::RequestReader::State::complete;
        BeastParser parser;
        std::printf("%-34s by hand %-9s Beast %s\n", name, ours ? "accepted" : "refused",
                    read_by_beast(parser, text) ? "accepted" : "refused");
    }
}

}  // namespace

int main(int count, char** words) {
    const std::map<std::string_view, void (*)(bool, long)> parts = {
        {"http-reading", http_reading}, {"http-writing", http_writing},
        {"json-writing", json_writing}, {"json-quoting", quoting},
        {"logging", logging},           {"metrics", metrics}};
    if (count == 2 && std::string_view(words[1]) == "accepted") {
        print_accepted();
        return 0;
    }
    const auto part = count == 4 ? parts.find(words[1]) : parts.end();
    if (part == parts.end()) {
        std::fputs("by-hand-bench PART by-hand|library ROUNDS, by-hand-bench accepted\n", stderr);
        return 2;
    }
    part->second(std::string_view(words[2]) == "by-hand", std::atol(words[3]));
}
