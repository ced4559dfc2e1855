#include "http/request_reader.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::http::request_reader_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using State = RequestReader::State;

constexpr std::size_t header_limit = 16384;
constexpr std::size_t body_limit = 65536;

/// Feeds `octets`, at most `step` at a time, until a request is complete or refused.
State feed(RequestReader& reader, std::string_view& octets, std::size_t step) {
    auto state = reader.read();
    while (state == State::incomplete && !octets.empty()) {
        const auto room = reader.room();
        const auto count = std::min({step, room.size(), octets.size()});
        std::copy_n(octets.begin(), count, room.begin());
        octets.remove_prefix(count);
        reader.received(count);
        state = reader.read();
    }
    return state;
}

State feed_all(RequestReader& reader, std::string_view octets) {
    return feed(reader, octets, octets.size());
}

TEST(RequestReader, ReadsARequestHoweverItIsCut) {
    const std::string wire =
        "POST /acme/new-order?x=1 HTTP/1.1\r\nHost: "
        "ca.example\r\nContent-Type:application/jose+json "
        "\t\r\nX-Empty:\r\nContent-Length: 5\r\n\r\nhello";
    for (std::size_t step = 1; step <= wire.size(); ++step) {
        RequestReader reader(header_limit, body_limit);
        EXPECT_TRUE(reader.at_rest());
        std::string_view octets = wire;
        ASSERT_EQ(feed(reader, octets, step), State::complete) << step;
        EXPECT_TRUE(octets.empty());
        EXPECT_TRUE(reader.keeps_connection());
        const Request request = reader.take();
        EXPECT_EQ(request.method, "POST");
        EXPECT_EQ(request.target, "/acme/new-order?x=1");
        EXPECT_EQ(request.path(), "/acme/new-order");
        EXPECT_EQ(request.body, "hello");
        EXPECT_THAT(request.fields, ElementsAre(Pair("Host", "ca.example"),
                                                Pair("Content-Type", "application/jose+json"),
                                                Pair("X-Empty", ""), Pair("Content-Length", "5")));
        EXPECT_EQ(request.field("content-type"), "application/jose+json");
        EXPECT_EQ(request.field("Absent"), "");
        EXPECT_EQ(request.field_count("HOST"), 1U);
        EXPECT_TRUE(reader.at_rest());
    }
}

TEST(RequestReader, ReadsRequestsOneAfterTheOther) {
    RequestReader reader(header_limit, body_limit);
    const std::string wire =
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
        "\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;x=\"y\"\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
        "HEAD /3 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Close\r\n\r\n";
    std::string_view octets = wire;
    ASSERT_EQ(feed(reader, octets, wire.size()), State::complete);
    EXPECT_EQ(reader.take().target, "/1");
    EXPECT_FALSE(reader.at_rest());
    ASSERT_EQ(feed(reader, octets, wire.size()), State::complete);
    const auto second = reader.take();
    EXPECT_EQ(second.target, "/2");
    EXPECT_EQ(second.body, "abc0123456789");
    EXPECT_EQ(second.field("Trailer"), "");
    ASSERT_EQ(feed(reader, octets, wire.size()), State::complete);
    EXPECT_FALSE(reader.keeps_connection());
    EXPECT_EQ(reader.take().method, "HEAD");
    EXPECT_EQ(reader.read(), State::incomplete);
    EXPECT_TRUE(reader.at_rest());
}

TEST(RequestReader, TakesWhatIsUnusualAndHarmless) {
    struct Case {
        const char* wire;
        const char* target;
        const char* host;
        bool kept;
    };
    const Case cases[] = {
        {"GET / HTTP/1.0\r\n\r\n", "/", "", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "/", "", true},
        {"GET / HTTP/1.1\r\nhOST: [::1]:14000\r\n\r\n", "/", "[::1]:14000", true},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*", "a", true},
        {"GET https://ca.example:8443/d?q HTTP/1.1\r\nHost: evil.example\r\n\r\n", "/d?q",
         "ca.example:8443", true},
        {"GET http://ca.example HTTP/1.0\r\n\r\n", "/", "ca.example", false},
        {"GET //x/../%2e%00 HTTP/1.1\r\nHost: a\r\n\r\n", "//x/../%2e%00", "a", true},
        {"BREW / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\t!\r\n\r\n", "/", "a", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Encoding: identity\r\n\r\n", "/", "a", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "/", "a",
         false},
        {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "/", "a", true},
    };
    for (const Case& expected : cases) {
        RequestReader reader(header_limit, body_limit);
        ASSERT_EQ(feed_all(reader, expected.wire), State::complete)
            << expected.wire << reader.refusal().detail;
        EXPECT_EQ(reader.keeps_connection(), expected.kept) << expected.wire;
        const auto request = reader.take();
        EXPECT_EQ(request.target, expected.target);
        EXPECT_EQ(request.field("Host"), expected.host) << expected.wire;
    }
}

// Check 11.
TEST(RequestReader, RefusesWhatCouldBeReadInTwoWays) {
    struct Case {
        std::string wire;
        int status;
        const char* reason;
    };
    const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
    const std::string chunked = post + "Transfer-Encoding: chunked\r\n";
    const Case cases[] = {
        // RFC 9112 section 2.2 and 5.2: line ends and folding.
        {"GET / HTTP/1.1\n", 400, "CR LF"},
        {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "CR LF"},
        {get + "\n", 400, "CR LF"},
        {get + "X: a\rb\r\n\r\n", 400, "control"},
        {get + "X: a\r\n b\r\n\r\n", 400, "folded"},
        {get + "X: a\r\n\tb\r\n\r\n", 400, "folded"},
        {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "folded"},
        // RFC 9112 section 5.1: names.
        {get + "X : a\r\n\r\n", 400, "proper name"},
        {get + ": a\r\n\r\n", 400, "proper name"},
        {get + "X\r\n\r\n", 400, "proper name"},
        {get + "X\xc3\xa4: a\r\n\r\n", 400, "proper name"},
        {get + std::string("X: a\0b\r\n\r\n", 10), 400, "control"},
        {get + "X: a\x7f\r\n\r\n", 400, "control"},
        // RFC 9112 section 6: how long the body is.
        {post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "both"},
        {chunked + "Content-Length: 1\r\n\r\n", 400, "both"},
        {post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "more than one"},
        {post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400, "more than one"},
        {post + "Content-Length: 1, 1\r\n\r\n", 400, "not a number"},
        {post + "Content-Length: +1\r\n\r\n", 400, "not a number"},
        {post + "Content-Length: -1\r\n\r\n", 400, "not a number"},
        {post + "Content-Length: 0x1\r\n\r\n", 400, "not a number"},
        {post + "Content-Length: 1 \xa0\r\n\r\n", 400, "not a number"},
        {post + "Content-Length:\r\n\r\n", 400, "not a number"},
        {post + "Content-Length: 99999999999999999999\r\n\r\n", 400, "not a number"},
        {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "chunked"},
        {post + "Transfer-Encoding: identity\r\n\r\n", 501, "chunked"},
        {post + "Transfer-Encoding: xchunked\r\n\r\n", 501, "chunked"},
        {post + "Transfer-Encoding:\r\n\r\n", 501, "chunked"},
        {chunked + "Transfer-Encoding: chunked\r\n\r\n", 400, "chunked"},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0"},
        {chunked + "\r\n\r\n", 400, "proper size"},
        {chunked + "\r\n-1\r\n", 400, "proper size"},
        {chunked + "\r\n0x1\r\n", 400, "proper size"},
        {chunked + "\r\n100000000\r\n", 400, "proper size"},
        {chunked + "\r\n1\nX\r\n", 400, "CR LF"},
        {chunked + "\r\n1;a\rb\r\nX\r\n", 400, "control"},
        {chunked + "\r\n1\r\nXY\r\n", 400, "longer"},
        {chunked + "\r\n1\r\nX\n", 400, "CR LF"},
        {chunked + "\r\n0\r\n\n", 400, "CR LF"},
        {chunked + "\r\n 1\r\nX\r\n", 400, "proper size"},
        {chunked + "\r\n0\r\nGET / HTTP/1.1\r\n\r\n", 400, "trailer"},
        {chunked + "\r\n0\r\nX: a\r\n b\r\n\r\n", 400, "trailer"},
        // RFC 9112 section 3: the request line.
        {"GET  / HTTP/1.1\r\n", 400, "characters"},
        {"GET / x HTTP/1.1\r\n", 400, "characters"},
        {"GET /\xc3\xa4 HTTP/1.1\r\n", 400, "characters"},
        {std::string("GET /\0 HTTP/1.1\r\n", 17), 400, "characters"},
        {"GET /#x HTTP/1.1\r\n", 400, "characters"},
        {"GET /\r\n", 400, "request line"},
        {"/ HTTP/1.1\r\n", 400, "request line"},
        {" GET / HTTP/1.1\r\n", 400, "method"},
        {"G(T / HTTP/1.1\r\n", 400, "method"},
        {std::string(33, 'A') + " / HTTP/1.1\r\n", 400, "method"},
        {"GET / HTTP/1.1 \r\n", 400, "characters"},
        {"GET / http/1.1\r\n", 400, "version"},
        {"GET / HTTP/1.10\r\n", 400, "version"},
        {"GET / HTTP/1\r\n", 400, "version"},
        {"GET / HTTP/2.0\r\n", 505, "HTTP/1.1"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.1"},
        {"GET / HTTP/0.9\r\n", 505, "HTTP/1.1"},
        {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither"},
        {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither"},
        {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither"},
        // RFC 9112 section 3.2: Host.
        {"GET / HTTP/1.1\r\n\r\n", 400, "no Host"},
        {get + "Host: a\r\n\r\n", 400, "more than one Host"},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "not a host"},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "not a host"},
        {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "not a host"},
        {"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400, "not a host"},
        // Codings and expectations.
        {post + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\n", 415, "content coding"},
        {post + "Expect: 200-maybe\r\n\r\n", 417, "expectation"},
        {std::string("\x16\x03\x01\x02\x00\x01\n", 7), 400, "CR LF"},
    };
    for (const Case& expected : cases) {
        for (const std::size_t step : {std::size_t{1}, expected.wire.size()}) {
            RequestReader reader(header_limit, body_limit);
            std::string_view octets = expected.wire;
            ASSERT_EQ(feed(reader, octets, step), State::refused) << expected.wire;
            EXPECT_EQ(reader.refusal().status, expected.status) << expected.wire;
            EXPECT_THAT(reader.refusal().detail, HasSubstr(expected.reason)) << expected.wire;
            EXPECT_FALSE(reader.keeps_connection());
            EXPECT_EQ(reader.read(), State::refused) << "a refusal lasts";
        }
    }
}

// Check 12.
TEST(RequestReader, BoundsTheHeader) {
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    const auto with_header_of = [&](std::size_t size) {
        return start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n";
    };
    RequestReader largest(header_limit, body_limit);
    EXPECT_EQ(feed_all(largest, with_header_of(header_limit)), State::complete);
    EXPECT_EQ(largest.take().fields.size(), 2U);

    const std::string many_small = [&] {
        std::string wire = start + "\r\n";
        while (wire.size() <= header_limit) wire += "Y:" + std::string(300, 'y') + "\r\n";
        return wire;
    }();
    std::string too_many = start + "\r\n";
    for (int count = 0; count < 100; ++count) too_many += "Z:\r\n";
    for (const std::string& wire : {with_header_of(header_limit + 1), many_small, too_many}) {
        RequestReader reader(header_limit, body_limit);
        std::string_view octets = wire;
        ASSERT_EQ(feed(reader, octets, 1000), State::refused);
        EXPECT_EQ(reader.refusal().status, 431);
        EXPECT_LE(wire.size() - octets.size(), header_limit + 1000) << "read on far too long";
    }
}

TEST(RequestReader, BoundsTheRequestLine) {
    const std::string target = " /" + std::string(20000, 'a');
    for (const auto& [wire, method] : std::vector<std::pair<std::string, std::string>>{
             {"POST" + target, "POST"},
             {"POST" + target + " HTTP/1.1\r\n", "POST"},
             {"P@ST" + target, ""},
             {std::string(20000, 'P'), ""}}) {
        RequestReader reader(header_limit, body_limit);
        std::string_view octets = wire;
        ASSERT_EQ(feed(reader, octets, 1000), State::refused);
        EXPECT_EQ(reader.refusal().status, 414);
        EXPECT_EQ(reader.request().method, method);
    }
}

TEST(RequestReader, KeepsWhatItUnderstoodOfWhatItRefuses) {
    struct Case {
        std::string wire, method, target;
    };
    for (const auto& [wire, method, target] : std::vector<Case>{
             {"POST /a HTTP/1.1\r\n\r\n", "POST", "/a"},
             {"POST /a HTTP/3.0\r\n\r\n", "POST", "/a"},
             {"POST /a nonsense\r\n\r\n", "POST", "/a"},
             {"POST /a\\#b HTTP/1.1\r\n\r\n", "POST", ""},
             {"POST /a\r\n\r\n", "", ""},
         }) {
        RequestReader reader(header_limit, body_limit);
        ASSERT_EQ(feed_all(reader, wire), State::refused) << wire;
        EXPECT_EQ(reader.request().method, method) << wire;
        EXPECT_EQ(reader.request().target, target) << wire;
    }
}

// Check 10.
TEST(RequestReader, BoundsTheBody) {
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
    RequestReader largest(header_limit, body_limit);
    EXPECT_EQ(feed_all(largest, post + "Content-Length: 65536\r\n\r\n" + std::string(65536, 'b')),
              State::complete);
    EXPECT_EQ(largest.take().body.size(), body_limit);

    RequestReader declared(header_limit, body_limit);
    EXPECT_EQ(feed_all(declared, post + "Content-Length: 65537\r\n\r\n"), State::refused);
    EXPECT_EQ(declared.refusal().status, 413);

    RequestReader chunked(header_limit, body_limit);
    EXPECT_EQ(feed_all(chunked, post + "Transfer-Encoding: chunked\r\n\r\n10000\r\n" +
                                    std::string(65536, 'b') + "\r\n1\r\n"),
              State::refused);
    EXPECT_EQ(chunked.refusal().status, 413);

    // Chunks that are all framing and no content end at the header's limit.
    RequestReader framing(header_limit, body_limit);
    std::string crumbs = post + "Transfer-Encoding: chunked\r\n\r\n";
    for (int count = 0; count < 1000; ++count) {
        crumbs += "1;" + std::string(100, 'x') + "\r\nb\r\n";
    }
    EXPECT_EQ(feed_all(framing, crumbs), State::refused);
    EXPECT_EQ(framing.refusal().status, 431);
}

TEST(RequestReader, SaysOnceThatItsSenderWaits) {
    RequestReader reader(header_limit, body_limit);
    EXPECT_EQ(feed_all(reader, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n"),
              State::incomplete);
    EXPECT_FALSE(reader.take_continue_request()) << "before the end of the header";
    EXPECT_EQ(feed_all(reader, "Content-Length: 1\r\n\r\n"), State::incomplete);
    EXPECT_TRUE(reader.take_continue_request());
    EXPECT_FALSE(reader.take_continue_request());
    EXPECT_EQ(feed_all(reader, "x"), State::complete);
    EXPECT_FALSE(reader.take_continue_request());
}

}  // namespace
}  // namespace cairn::http::request_reader_test
