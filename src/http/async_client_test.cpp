#include "http/async_client.h"

#include <atomic>
#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/client_fixture.h"
#include "net/testing/stalled_lookups.h"

namespace cairn::http::async_client_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Kind = ExchangeError::Kind;

constexpr const char* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

void serve(RawPeer& peer) {
    while (!peer.receive_header().empty()) peer.send(ok);
}

class AsyncClientTest : public ClientTest {
  protected:
    /// A server that has this script, over TLS.
    RawServer& start_server(RawServer::Script script) {
        server_.emplace(std::move(script), context_.get());
        return *server_;
    }
    [[nodiscard]] ClientRequest request() const {
        return {.url = "https://localhost" + server_->port() + "/"};
    }

    crypto::SslContextHandle context_ = server_context(pem_);
    std::optional<RawServer> server_;
};

TEST_F(AsyncClientTest, KeepsConnections) {
    const auto& server = start_server(serve);
    AsyncClient client(loops_.executor(0), options());
    for (int count = 0; count < 5; ++count) {
        const auto reply = start(client, request()).get();
        ASSERT_TRUE(reply) << reply.error().message;
        EXPECT_EQ(reply->body, "ok");
    }
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(AsyncClientTest, OpensNewConnectionsInThePlaceOfClosedOnes) {
    const auto& server = start_server([](RawPeer& peer) {
        peer.receive_header();
        peer.send(ok);
    });
    AsyncClient client(loops_.executor(0), options());
    for (int count = 1; count <= 3; ++count) {
        const auto reply = start(client, request()).get();
        ASSERT_TRUE(reply) << reply.error().message;
        EXPECT_EQ(server.connections(), count);
    }
}

TEST_F(AsyncClientTest, BoundsRequestsToOneOrigin) {
    const auto& server = start_server(serve);
    AsyncClient client(loops_.executor(0), options(), {.requests_per_origin = 2});
    std::vector<std::future<ExchangeResult>> replies;
    // From both loops.
    for (std::size_t count = 0; count < 40; ++count)
        replies.push_back(start(client, request(), count % 2));
    for (auto& each : replies) {
        const auto reply = each.get();
        ASSERT_TRUE(reply) << reply.error().message;
    }
    EXPECT_EQ(server.connections(), 2);
}

TEST_F(AsyncClientTest, ClosesWhatIsIdleBeyondItsBound) {
    const auto& first = start_server(serve);
    const RawServer second(serve, context_.get());
    AsyncClient client(loops_.executor(0), options(), {.idle_connections = 1});
    const ClientRequest to_second{.url = "https://localhost" + second.port() + "/"};
    for (const auto& each : {request(), to_second, request(), to_second}) {
        const auto reply = start(client, each).get();
        ASSERT_TRUE(reply) << reply.error().message;
    }
    EXPECT_EQ(first.connections(), 2);
    EXPECT_EQ(second.connections(), 2);
}

TEST_F(AsyncClientTest, BoundsRequestsUnderWay) {
    start_server([](RawPeer& peer) { peer.stall(); });
    AsyncClient client(loops_.executor(0), options(), {.requests = 2});
    auto first = start(client, request());
    auto second = start(client, request());
    const auto third = start(client, request()).get();
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().kind, Kind::busy);
    server_.reset();
    EXPECT_FALSE(first.get());
    EXPECT_FALSE(second.get());
}

TEST_F(AsyncClientTest, WaitsForItsTurnNoLongerThanItsDeadline) {
    start_server([](RawPeer& peer) { peer.stall(); });
    auto hasty = options();
    hasty.timeout = 400ms;
    AsyncClient client(loops_.executor(0), hasty, {.requests_per_origin = 1});
    const auto begun = std::chrono::steady_clock::now();
    auto first = start(client, request());
    auto second = start(client, request());
    for (auto* each : {&first, &second}) {
        const auto result = each->get();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().kind, Kind::timed_out) << result.error().message;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
}

TEST_F(AsyncClientTest, IsNotHeldByALookupThatHangs) {
    start_server(serve);
    const net::StalledLookups stalled;
    auto hasty = options();
    hasty.timeout = 300ms;
    AsyncClient client(loops_.executor(0), hasty);
    const auto result = start(client, {.url = "https://a.stalled.test/"}).get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::timed_out) << result.error().message;
    // The look-up still hangs.
    EXPECT_TRUE(start(client, request()).get());
}

TEST_F(AsyncClientTest, ClosesTheConnectionOfATaskThatIsCancelled) {
    std::promise<void> asked;
    std::promise<bool> left;
    start_server([&](RawPeer& peer) {
        peer.receive_header();
        asked.set_value();
        left.set_value(peer.leaves_within(10s));
    });
    AsyncClient client(loops_.executor(0), options());
    std::atomic<int> failures = 0;
    std::atomic<bool> ended = false;
    base::TaskGroup tasks([&](const std::exception_ptr&) { ++failures; });
    const auto run = [](AsyncClient& asks, ClientRequest what,
                        std::atomic<bool>& has_ended) -> base::Task<void> {
        static_cast<void>(co_await asks.exchange(std::move(what)));
        has_ended = true;
    };
    ASSERT_TRUE(tasks.spawn(loops_.executor(1), run(client, request(), ended)));
    asked.get_future().get();
    EXPECT_FALSE(tasks.close(0ms));
    EXPECT_TRUE(left.get_future().get());
    EXPECT_FALSE(ended);
    EXPECT_EQ(failures, 0);
}

TEST_F(AsyncClientTest, EndsWhatIsUnderWayWhenItGoes) {
    std::promise<void> asked;
    start_server([&](RawPeer& peer) {
        peer.receive_header();
        asked.set_value();
        peer.stall();
    });
    std::future<ExchangeResult> reply;
    {
        AsyncClient client(loops_.executor(0), options());
        reply = start(client, request(), 1);
        asked.get_future().get();
    }
    const auto result = reply.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::closed);
    EXPECT_THAT(result.error().message, HasSubstr("the client was closed"));
}

TEST_F(AsyncClientTest, LeavesOtherRequestsAloneWhenOneFails) {
    start_server([](RawPeer& peer) {
        const auto header = peer.receive_header();
        if (header.starts_with("GET /bad")) {
            peer.send("nonsense\r\n\r\n");
        } else {
            peer.send(ok);
        }
    });
    AsyncClient client(loops_.executor(0), options());
    std::vector<std::pair<bool, std::future<ExchangeResult>>> replies;
    for (int count = 0; count < 20; ++count) {
        auto each = request();
        const bool is_bad = count % 3 == 0;
        if (is_bad) each.url += "bad";
        replies.emplace_back(!is_bad, start(client, each));
    }
    for (auto& [is_good, reply] : replies) EXPECT_EQ(reply.get().has_value(), is_good);
}

}  // namespace
}  // namespace cairn::http::async_client_test
