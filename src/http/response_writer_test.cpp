#include "http/response_writer.h"

#include <gtest/gtest.h>

namespace cairn::http::response_writer_test {
namespace {

using Body = ResponseFraming::Body;
using Connection = ResponseFraming::Connection;

constexpr std::string_view date = "Sun, 22 Nov 2026 01:02:03 GMT";

std::string written(const Response& response, Body body, Connection connection) {
    std::string wire = "before";
    EXPECT_TRUE(append_response(wire, response, {body, connection, date}));
    EXPECT_TRUE(wire.starts_with("before"));
    return wire.substr(6);
}

TEST(ResponseWriter, WritesHeaderAndBody) {
    Response response;
    response.status = 201;
    response.content_type = "application/json";
    response.body = "{}";
    response.fields = {{"Replay-Nonce", "abc"}, {"Link", "<x>;rel=\"index\""}};
    EXPECT_EQ(written(response, Body::sent, Connection::kept),
              "HTTP/1.1 201 Created\r\nDate: Sun, 22 Nov 2026 01:02:03 GMT\r\n"
              "Content-Type: application/json\r\nContent-Length: 2\r\n"
              "Replay-Nonce: abc\r\nLink: <x>;rel=\"index\"\r\n\r\n{}");
    EXPECT_EQ(written(response, Body::left_out, Connection::closed),
              "HTTP/1.1 201 Created\r\nDate: Sun, 22 Nov 2026 01:02:03 GMT\r\n"
              "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n"
              "Replay-Nonce: abc\r\nLink: <x>;rel=\"index\"\r\n\r\n");
}

TEST(ResponseWriter, StatesNoLengthWhereThereIsNone) {
    Response response;
    response.status = 204;
    EXPECT_EQ(written(response, Body::sent, Connection::kept_1_0),
              "HTTP/1.1 204 No Content\r\nDate: Sun, 22 Nov 2026 01:02:03 GMT\r\n"
              "Connection: keep-alive\r\n\r\n");
    response.status = 200;
    EXPECT_EQ(written(response, Body::left_out, Connection::kept),
              "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 01:02:03 GMT\r\n\r\n");
    EXPECT_EQ(
        written(response, Body::sent, Connection::kept),
        "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 01:02:03 GMT\r\nContent-Length: 0\r\n\r\n");
    response.status = 299;
    EXPECT_TRUE(written(response, Body::sent, Connection::kept).starts_with("HTTP/1.1 299 \r\n"));
}

TEST(ResponseWriter, DoesNotLetAFieldSplitTheResponse) {
    for (const char* value : {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\x7f"}) {
        Response response;
        response.fields = {{"Location", value}};
        std::string wire = "before";
        EXPECT_FALSE(append_response(wire, response, {Body::sent, Connection::kept, date}));
        EXPECT_EQ(wire, "before");
        response.fields = {{value, "a"}};
        EXPECT_FALSE(append_response(wire, response, {Body::sent, Connection::kept, date}));
        response.fields.clear();
        response.content_type = value;
        EXPECT_FALSE(append_response(wire, response, {Body::sent, Connection::kept, date}));
    }
}

TEST(ResponseWriter, MakesProblemDocuments) {
    const auto response = problem_response(400, "malformed", "a \"quoted\" reason");
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_EQ(response.body, R"({"type":"urn:ietf:params:acme:error:malformed",)"
                             R"("detail":"a \"quoted\" reason","status":400})");
}

}  // namespace
}  // namespace cairn::http::response_writer_test
