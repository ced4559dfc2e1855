// The server at its bounds: more connections, idle clients and unfinished requests than it has
// places for.

#include <atomic>
#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server.h"
#include "http/testing/server_fixture.h"

namespace cairn::http::crowding_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

/// Answers "/wait" when it is released, everything else at once.
class Gate {
  public:
    [[nodiscard]] Handler handler() {
        return [this](Request request) -> base::Task<Response> {
            if (request.target == "/wait") {
                ++entered;
                while (!released) co_await base::sleep_for(1ms);
            }
            co_return co_await echo(std::move(request));
        };
    }
    std::atomic<int> entered = 0;
    std::atomic<bool> released = false;
};

/// On one loop a connection whose answer was received is at rest before the next one is served, so
/// that it is known which of several rests longest.
class ServerOnOneLoopTest : public ServerTest {
  public:
    ServerOnOneLoopTest() : ServerTest(1) {}
};

TEST_F(ServerOnOneLoopTest, RefusesAConnectionWhereAllOthersAreAtWork) {
    Limits limits;
    limits.connections = 2;
    Gate gate;
    start_plain(gate.handler(), limits);
    auto first = std::make_unique<RawClient>(address_);
    RawClient second(address_);
    for (RawClient* client : {first.get(), &second}) client->send(get("/wait"));
    while (gate.entered < 2) std::this_thread::yield();
    RawClient third(address_);
    third.send(get("/"));
    EXPECT_TRUE(third.closed());
    EXPECT_THAT(log_.lines(), HasSubstr("connections refused count=1 remote=127.0.0.1"));
    gate.released = true;
    EXPECT_EQ(first->receive().status, 200);
    EXPECT_EQ(second.receive().status, 200);
    RawClient next(address_);
    next.send(get("/"));
    EXPECT_EQ(next.receive().status, 200) << "those at rest give way";
}

TEST_F(ServerOnOneLoopTest, TheConnectionThatIdlesLongestGivesWay) {
    Limits limits;
    limits.connections = 3;
    Gate gate;
    start_plain(gate.handler(), limits);
    RawClient busy(address_);
    busy.send(get("/wait"));
    while (gate.entered < 1) std::this_thread::yield();
    RawClient older(address_);
    older.send(get("/"));
    EXPECT_EQ(older.receive().status, 200);
    RawClient newer(address_);
    newer.send(get("/"));
    EXPECT_EQ(newer.receive().status, 200);
    RawClient next(address_);
    next.send(get("/"));
    EXPECT_EQ(next.receive().status, 200);
    EXPECT_TRUE(older.closed());
    EXPECT_TRUE(newer.quiet());
    EXPECT_TRUE(busy.quiet());
    gate.released = true;
    EXPECT_EQ(busy.receive().status, 200);
    newer.send(get("/"));
    EXPECT_EQ(newer.receive().status, 200);
}

TEST_F(ServerTest, ARequestThatIsNotSentPromptlyCountsAsIdle) {
    Limits limits;
    limits.connections = 2;
    limits.prompt = 300ms;
    start_plain(echo, limits);
    RawClient slow_header(address_);
    slow_header.send("GET / HT");
    RawClient slow_body(address_);
    slow_body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
    const auto end = steady_clock::now() + 8s;
    // Each that is served idles from then on, which is later than they began to.
    std::unique_ptr<RawClient> served;
    while ((slow_header.quiet() || slow_body.quiet()) && steady_clock::now() < end) {
        auto next = std::make_unique<RawClient>(address_);
        next->send(get("/"));
        if (next->receive().status == 200) served = std::move(next);
    }
    for (RawClient* slow : {&slow_header, &slow_body}) {
        EXPECT_EQ(slow->receive().status, 408);
        EXPECT_TRUE(slow->closed());
    }
    EXPECT_LT(steady_clock::now(), end) << "long before their deadline";
}

TEST_F(ServerOnOneLoopTest, OneClientDoesNotTakeThePlacesOfOthers) {
    Limits limits;
    limits.connections = 100;
    limits.connections_per_client = 2;
    Gate gate;
    start_plain(gate.handler(), limits);
    RawClient first(address_), second(address_);
    for (RawClient* client : {&first, &second}) client->send(get("/wait"));
    while (gate.entered < 2) std::this_thread::yield();
    RawClient third(address_);
    EXPECT_TRUE(third.closed());
    RawClient other(address_, "127.0.0.2");
    other.send(get("/"));
    EXPECT_EQ(other.receive().status, 200);
    gate.released = true;
    EXPECT_EQ(first.receive().status, 200);
    EXPECT_EQ(second.receive().status, 200);
    // Its own give way to it, and nobody else's.
    second.send(get("/"));
    EXPECT_EQ(second.receive().status, 200);
    RawClient fourth(address_);
    fourth.send(get("/"));
    EXPECT_EQ(fourth.receive().status, 200);
    EXPECT_TRUE(first.closed());
    EXPECT_TRUE(second.quiet());
    EXPECT_TRUE(other.quiet());
}

TEST_F(ServerTest, BoundsTheMemoryOfUnfinishedRequests) {
    Limits limits;
    limits.octets_per_client = 200'000;
    Gate gate;
    start_plain(gate.handler(), limits);
    const std::string head = "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 65000\r\n\r\n";
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int count = 0; count < 2; ++count) {
        clients.push_back(std::make_unique<RawClient>(address_));
        clients.back()->send(head + std::string(65000, 'x'));
        while (gate.entered <= count) std::this_thread::yield();
    }
    RawClient third(address_);
    third.send(head + std::string(64000, 'x'));
    const RawReply reply = third.receive();
    EXPECT_EQ(reply.status, 503);
    EXPECT_THAT(reply.body, HasSubstr("unfinished"));
    EXPECT_TRUE(third.closed());
    RawClient other(address_, "127.0.0.2");
    other.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65000\r\n\r\n" +
               std::string(65000, 'x'));
    EXPECT_EQ(other.receive().status, 200);
    gate.released = true;
    for (const auto& client : clients) EXPECT_EQ(client->receive().status, 200);
    RawClient again(address_);
    again.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65000\r\n\r\n" +
               std::string(65000, 'x'));
    EXPECT_EQ(again.receive().status, 200);
}

}  // namespace
}  // namespace cairn::http::crowding_test
