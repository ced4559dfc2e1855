#include "http/server.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/server_fixture.h"

namespace cairn::http::server_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
    start_plain();
    RawClient client(address_);
    client.send(get("/a?b"));
    const RawReply first = client.receive();
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.body, "GET /a?b ");
    EXPECT_EQ(first.fields.at("content-type"), "text/plain");
    EXPECT_EQ(first.fields.at("x-remote"), "127.0.0.1");
    EXPECT_EQ(first.fields.at("x-tls"), "no");
    EXPECT_THAT(first.fields.at("date"), ::testing::EndsWith(" GMT"));
    EXPECT_FALSE(first.fields.contains("connection"));
    EXPECT_FALSE(first.fields.contains("server"));

    client.send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    EXPECT_EQ(client.receive().body, "POST /p body");
    client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n");
    const RawReply head = client.receive(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.fields.at("content-length"), "8");
    client.send("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const RawReply last = client.receive();
    EXPECT_EQ(last.body, "GET /last ");
    EXPECT_EQ(last.fields.at("connection"), "close");
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    start_plain();
    RawClient client(address_);
    std::string requests;
    for (int count = 0; count < 200; ++count) requests += get("/" + std::to_string(count));
    client.send(requests);
    for (int count = 0; count < 200; ++count) {
        ASSERT_EQ(client.receive().body, "GET /" + std::to_string(count) + " ");
    }
}

TEST_F(ServerTest, SpeaksHttp10) {
    start_plain();
    RawClient once(address_);
    once.send("GET /1 HTTP/1.0\r\n\r\n");
    const RawReply reply = once.receive();
    EXPECT_EQ(reply.body, "GET /1 ");
    EXPECT_EQ(reply.fields.at("connection"), "close");
    EXPECT_TRUE(once.closed());
    RawClient kept(address_);
    for (int count = 0; count < 2; ++count) {
        kept.send("GET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_EQ(kept.receive().fields.at("connection"), "keep-alive");
    }
}

TEST_F(ServerTest, InvitesTheBody) {
    start_plain();
    RawClient client(address_);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.receive().status, 100);
    client.send("ok");
    EXPECT_EQ(client.receive().body, "POST / ok");
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n");
    EXPECT_EQ(client.receive().status, 413);
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, RefusesWithAProblemAndCloses) {
    start_plain([](Request) -> base::Task<Response> {
        throw std::logic_error("no refused request may come here");
    });
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
    const std::pair<std::string, int> cases[] = {
        {post + "Content-Length: 65537\r\n\r\n" + std::string(100000, 'x'), 413},
        {post + "Transfer-Encoding: chunked\r\n\r\n20000\r\n" + std::string(100000, 'x'), 413},
        {get("/" + std::string(17000, 'a')), 414},
        {"GET / HTTP/1.1\r\nX: " + std::string(17000, 'a') + "\r\n\r\n", 431},
        {post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
        {"GET / HTTP/1.1\nHost: a\n\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {post + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 415},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"\x16\x03\x01\x02\n", 400},
    };
    for (const auto& [wire, status] : cases) {
        RawClient client(address_);
        client.send(wire + get("/smuggled"));
        RawReply reply = client.receive();
        EXPECT_EQ(reply.status, status) << wire.substr(0, 200);
        EXPECT_EQ(reply.fields["content-type"], "application/problem+json");
        EXPECT_EQ(reply.fields["connection"], "close");
        EXPECT_THAT(reply.body, StartsWith(R"({"type":"urn:ietf:params:acme:error:malformed")"));
        EXPECT_THAT(reply.body, HasSubstr("\"status\":" + std::to_string(status)));
        EXPECT_TRUE(client.closed());
    }
}

TEST_F(ServerTest, HasItsRefuserAnswerWhatNoHandlerDoes) {
    Server::Options options;
    options.limits.request_deadline = 200ms;
    options.handler = [](Request request) -> base::Task<Response> {
        if (request.target == "/throw") throw std::runtime_error("a bug");
        co_return Response{};
    };
    options.refuser = [](const Request& understood, const Refusal& refusal) {
        Response response;
        response.status = refusal.status;
        response.body = understood.method + " " + understood.target;
        return response;
    };
    start(std::move(options));
    const std::string post = "POST /p HTTP/1.1\r\nHost: a\r\n";
    const std::tuple<std::string, int, std::string> cases[] = {
        {post + "Content-Length: 70000\r\n\r\n", 413, "POST /p"},
        {post + "Content-Length: 7\r\n\r\nslow", 408, "POST /p"},
        {post + "Conte", 408, "POST /p"},
        {"POST /p", 408, " "},
        {"POST /throw HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 500, "POST /throw"},
        {"nonsense\r\n", 400, " "},
    };
    for (const auto& [wire, status, body] : cases) {
        RawClient client(address_);
        client.send(wire);
        const RawReply reply = client.receive();
        EXPECT_EQ(reply.status, status) << wire;
        EXPECT_EQ(reply.body, body) << wire;
    }
}

TEST_F(ServerTest, ClosesAgainstASlowSender) {
    Limits limits;
    limits.request_deadline = 200ms;
    start_plain(echo, limits);
    RawClient slow(address_);
    slow.send("GET / HT");
    RawClient silent(address_);
    RawClient other(address_);
    other.send(get("/other"));
    EXPECT_EQ(other.receive().body, "GET /other ");
    const RawReply reply = slow.receive();
    EXPECT_EQ(reply.status, 408);
    EXPECT_TRUE(slow.closed());
    other.send(get("/again"));
    EXPECT_EQ(other.receive().body, "GET /again ") << "the idle limit counts between requests";

    RawClient slow_body(address_);
    slow_body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    EXPECT_EQ(slow_body.receive().status, 408);
}

TEST_F(ServerTest, ClosesAnIdleConnection) {
    Limits limits;
    limits.idle = 100ms;
    start_plain(echo, limits);
    RawClient client(address_);
    client.send(get("/"));
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, ClosesAgainstAReaderThatDoesNotRead) {
    Limits limits;
    limits.write_deadline = 200ms;
    start_plain(
        [](Request) -> base::Task<Response> {
            Response response;
            response.body.assign(64U << 20U, 'x');
            co_return response;
        },
        limits);
    RawClient client(address_);
    client.send(get("/"));
    EXPECT_TRUE(log_.comes_to_hold("request id="));
    EXPECT_LT(client.receive().body.size(), 64U << 20U);
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, ARequestWithoutMemoryEndsAloneAndWithAnAnswer) {
    start_plain([](Request request) -> base::Task<Response> {
        if (request.target == "/greedy") throw std::bad_alloc();
        co_return co_await echo(std::move(request));
    });
    RawClient client(address_);
    client.send(get("/greedy"));
    const RawReply reply = client.receive();
    EXPECT_EQ(reply.status, 503);
    EXPECT_THAT(reply.body, HasSubstr("urn:ietf:params:acme:error:serverInternal"));
    client.send(get("/"));
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_THAT(log_.lines(), HasSubstr("out of memory count=1"));
}

// Check 164.
TEST_F(ServerTest, KeepsItsFailuresToItself) {
    start_plain([](Request request) -> base::Task<Response> {
        if (request.target == "/throw") throw std::runtime_error("the secret reason");
        if (request.target == "/int") throw 7;
        Response response;
        if (request.target == "/split") response.fields.emplace_back("X", "a\r\nY: b");
        co_return response;
    });
    RawClient client(address_);
    for (const char* target : {"/throw", "/int"}) {
        client.send(get(target));
        const RawReply reply = client.receive();
        EXPECT_EQ(reply.status, 500);
        EXPECT_THAT(reply.body, HasSubstr("urn:ietf:params:acme:error:serverInternal"));
        EXPECT_THAT(reply.body, Not(HasSubstr("secret")));
        const auto id_at = reply.body.find("under request ") + 14;
        const auto id = reply.body.substr(id_at, reply.body.find('"', id_at) - id_at);
        EXPECT_THAT(log_.lines(), HasSubstr("request failed id=" + id + " reason="));
    }
    EXPECT_THAT(log_.lines(), HasSubstr("reason=the secret reason"));
    client.send(get("/split"));
    EXPECT_TRUE(client.closed());
    EXPECT_THAT(log_.lines(), HasSubstr("response with control characters"));
}

TEST_F(ServerTest, WritesAnAccessLog) {
    start_plain();
    RawClient client(address_);
    client.send("GET /logged?x=1 HTTP/1.1\r\nHost: h\r\nuser-agent: lego/4 \xff" +
                std::string(300, 'x') + "\r\n\r\n");
    EXPECT_EQ(client.receive().status, 200);
    ASSERT_TRUE(log_.comes_to_hold("request id="));
    EXPECT_THAT(log_.lines(), HasSubstr("remote=127.0.0.1 method=GET target=/logged?x=1 status=200 "
                                        "milliseconds= bytes=16 account=account-7 detail=echoed "
                                        "user_agent=lego/4 ?xxx"));
    EXPECT_LT(log_.lines().size(), 500U);
}

TEST_F(ServerTest, AwaitsItsHandlersWithoutHoldingOthersUp) {
    std::atomic<bool> entered = false;
    std::atomic<bool> release = false;
    start_plain([&](Request request) -> base::Task<Response> {
        if (request.target == "/wait") {
            entered = true;
            while (!release) co_await base::sleep_for(1ms);
        }
        co_return Response{};
    });
    RawClient waiting(address_);
    waiting.send(get("/wait"));
    while (!entered) std::this_thread::yield();
    for (int count = 0; count < 4; ++count) {  // on both loops
        RawClient other(address_);
        other.send(get("/"));
        EXPECT_EQ(other.receive().status, 200);
    }
    EXPECT_TRUE(waiting.quiet());
    release = true;
    EXPECT_EQ(waiting.receive().status, 200);
}

TEST_F(ServerTest, FinishesWhatIsUnderWayWhenItStops) {
    std::atomic<bool> entered = false;
    std::atomic<bool> release = false;
    start_plain([&](Request request) -> base::Task<Response> {
        if (request.target == "/wait") {
            entered = true;
            while (!release) co_await base::sleep_for(1ms);
        }
        co_return Response{};
    });
    RawClient at_rest(address_);
    at_rest.send(get("/"));
    EXPECT_EQ(at_rest.receive().status, 200);
    RawClient fresh(address_);
    RawClient busy(address_);
    busy.send(get("/wait") + get("/next"));
    while (!entered) std::this_thread::yield();
    auto stopped = std::async(std::launch::async, [&] { server_->stop(20s); });
    EXPECT_TRUE(at_rest.closed());
    EXPECT_TRUE(fresh.closed());
    EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
    EXPECT_TRUE(busy.quiet());
    release = true;
    const RawReply reply = busy.receive();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.fields.at("connection"), "close");
    EXPECT_TRUE(busy.closed());
    stopped.get();
    EXPECT_THROW(RawClient{address_}, std::runtime_error);
}

TEST_F(ServerTest, CancelsWhatDoesNotEnd) {
    std::atomic<bool> entered = false;
    start_plain([&](Request) -> base::Task<Response> {
        entered = true;
        co_await base::sleep_for(1h);
        co_return Response{};
    });
    RawClient client(address_);
    client.send(get("/"));
    while (!entered) std::this_thread::yield();
    server_->stop(10ms);
    EXPECT_TRUE(client.closed());
    EXPECT_THAT(log_.lines(), Not(HasSubstr("failed")));
}

TEST_F(ServerTest, NeedNotBeStarted) {
    Server::Options options;
    options.listen = {"127.0.0.1:0", "[::1]:0"};
    options.handler = echo;
    const Server server(loops_, log_, options);
    ASSERT_EQ(server.addresses().size(), 2U);
    EXPECT_THAT(server.addresses()[1], StartsWith("[::1]:"));

    options.listen = {server.addresses()[0]};
    try {
        const Server second(loops_, log_, options);
        FAIL() << "two servers on one address";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr(options.listen[0]));
    }
    options.listen = {"localhost:80"};
    EXPECT_THROW(Server(loops_, log_, options), std::runtime_error);
}

}  // namespace
}  // namespace cairn::http::server_test
