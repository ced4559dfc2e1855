#include "http/observer.h"

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "http/testing/server_certificate.h"
#include "http/testing/server_fixture.h"

namespace cairn::http::observer_test {
namespace {

using namespace std::chrono_literals;

class Tally final : public Observer {
  public:
    void connection_opened() override { ++opened; }
    void connection_closed() override { ++closed; }
    void connection_refused() override { ++turned_away; }
    void connection_gave_way() override { ++gave_way; }
    void handshake_ended(Handshake handshake, Duration) override {
        ++handshakes.at(static_cast<std::size_t>(handshake));
    }
    void request_refused(int status) override { last_refusal = status; }
    void request_failed() override { ++failed; }
    [[nodiscard]] int count_of(Handshake handshake) const {
        return handshakes.at(static_cast<std::size_t>(handshake));
    }

    std::atomic<int> opened = 0, closed = 0, turned_away = 0, gave_way = 0, failed = 0,
                     last_refusal = 0;
    std::array<std::atomic<int>, 5> handshakes{};
};

template <class Condition>
[[nodiscard]] bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < end) {
        if (condition()) return true;
        std::this_thread::yield();
    }
    return false;
}

class HttpObserverTest : public ServerTest {
  protected:
    HttpObserverTest() {
        options_.observer = &tally_;
        options_.handler = echo;
    }
    ~HttpObserverTest() override { server_.reset(); }
    void use_tls() {
        options_.tls = std::make_shared<net::TlsIdentity>();
        options_.tls->replace(self_signed_pem(key_, "server"), key_);
    }

    Tally tally_;
    Server::Options options_;
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    crypto::SslContextHandle context_{SSL_CTX_new(TLS_client_method())};
};

TEST_F(HttpObserverTest, IsToldOfConnections) {
    std::atomic<bool> entered = false, released = false;
    options_.handler = [&](Request request) -> base::Task<Response> {
        entered = true;
        while (!released) co_await base::sleep_for(1ms);
        co_return co_await echo(std::move(request));
    };
    options_.limits.connections = 1;
    start(options_);
    RawClient client(address_);
    client.send(get("/"));
    EXPECT_TRUE(comes_true([&] { return entered.load(); }));
    {
        const RawClient another(address_);
        EXPECT_TRUE(comes_true([&] { return tally_.turned_away == 1; }));
    }
    EXPECT_EQ(tally_.closed, 0);
    EXPECT_EQ(tally_.gave_way, 0);
    released = true;
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_EQ(tally_.opened, 1);
    {
        const RawClient another(address_);
        EXPECT_TRUE(comes_true([&] { return tally_.closed == 1; }));
    }
    EXPECT_EQ(tally_.gave_way, 1);
    EXPECT_TRUE(comes_true([&] { return tally_.closed == 2; }));
    EXPECT_EQ(tally_.opened, 2);
}

TEST_F(HttpObserverTest, IsToldHowHandshakesEnd) {
    using Handshake = Observer::Handshake;
    use_tls();
    options_.limits.request_deadline = 300ms;
    start(options_);
    {
        RawClient client(address_);
        EXPECT_TRUE(client.start_tls(context_.get()));
    }
    {
        // A record that is no ClientHello.
        RawClient client(address_);
        client.send(std::string("\x16\x03\x01\x00\x04\xff\xff\xff\xff", 9));
        EXPECT_TRUE(comes_true([&] { return tally_.count_of(Handshake::failed) == 1; }));
    }
    {
        RawClient client(address_);
        client.send("\x16");
    }
    EXPECT_TRUE(comes_true([&] { return tally_.count_of(Handshake::left) == 1; }));
    RawClient client(address_);
    client.send("\x16");
    EXPECT_TRUE(comes_true([&] { return tally_.count_of(Handshake::timed_out) == 1; }));
    EXPECT_EQ(tally_.count_of(Handshake::done), 1);
}

TEST_F(HttpObserverTest, IsToldOfAServerWithoutACertificate) {
    options_.tls = std::make_shared<net::TlsIdentity>();
    start(options_);
    RawClient client(address_);
    EXPECT_FALSE(client.start_tls(context_.get()));
    EXPECT_EQ(tally_.count_of(Observer::Handshake::no_certificate), 1);
}

TEST_F(HttpObserverTest, IsToldOfWhatNoHandlerAnswered) {
    options_.handler = [](Request) -> base::Task<Response> {
        throw std::runtime_error("a bug");
        co_return Response{};
    };
    start(options_);
    RawClient client(address_);
    client.send(get("/"));
    EXPECT_EQ(client.receive().status, 500);
    EXPECT_EQ(tally_.failed, 1);
    EXPECT_EQ(tally_.last_refusal, 0);
    client.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.receive().status, 400);
    EXPECT_EQ(tally_.last_refusal, 400);
}

TEST_F(HttpObserverTest, ARequestCarriesTheIdOfTheAccessLog) {
    options_.handler = [](Request request) -> base::Task<Response> {
        Response response;
        response.body = request.id;
        EXPECT_LT(std::chrono::steady_clock::now() - request.received, 10s);
        co_return response;
    };
    start(options_);
    RawClient client(address_);
    client.send(get("/"));
    const auto id = client.receive().body;
    EXPECT_FALSE(id.empty());
    EXPECT_TRUE(log_.comes_to_hold("id=" + id + " "));
}

}  // namespace
}  // namespace cairn::http::observer_test
