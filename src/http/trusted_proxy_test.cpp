#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/proxy_header.h"
#include "http/testing/server_certificate.h"
#include "http/testing/server_fixture.h"

namespace cairn::http::trusted_proxy_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// A server with TLS that trusts 127.0.0.9 and 10.0.0.0/8, of which the test is the former.
class TrustedProxyTest : public ServerTest {
  protected:
    static constexpr const char* proxy = "127.0.0.9";

    TrustedProxyTest() {
        options_.trusted_proxies = {*base::IpNetwork::from_text(proxy),
                                    *base::IpNetwork::from_text("10.0.0.0/8")};
        options_.handler = echo;
        options_.plain_handler = echo;
        options_.tls = std::make_shared<net::TlsIdentity>();
        options_.tls->replace(self_signed_pem(key_, "server"), key_);
    }
    ~TrustedProxyTest() override { server_.reset(); }

    /// Whom the server takes for the client of a request over TLS after `header`; "" if it closes.
    std::string client_over_tls(const std::string& header, const char* source = proxy) {
        RawClient client(address_, source);
        client.send(header);
        if (!client.start_tls(context_.get())) return {};
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n");
        const auto reply = client.receive();
        EXPECT_EQ(reply.fields.at("x-tls"), "yes");
        return reply.fields.at("x-remote");
    }
    /// The same without TLS.
    std::string client_in_plain(const std::string& header, const std::string& forwarded,
                                const char* source = proxy) {
        RawClient client(address_, source);
        client.send(header + "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + forwarded +
                    "\r\n\r\n");
        auto reply = client.receive();
        return reply.status == 200 ? reply.fields["x-remote"] : std::string();
    }

    Server::Options options_;
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    crypto::SslContextHandle context_{SSL_CTX_new(TLS_client_method())};
};

TEST_F(TrustedProxyTest, NamesTheClientOfATlsConnection) {
    start(options_);
    EXPECT_EQ(client_over_tls(proxy_header_of("192.0.2.7")), "192.0.2.7");
    EXPECT_EQ(client_over_tls(proxy_header_of("2001:db8::7")), "2001:db8::7");
    EXPECT_TRUE(log_.comes_to_hold("remote=192.0.2.7 method=GET"));
    // What its client writes within TLS is the client's alone, even if that is a proxy too.
    EXPECT_EQ(client_over_tls(proxy_header_of("10.0.0.1")), "10.0.0.1");
}

TEST_F(TrustedProxyTest, MaySpeakForItself) {
    start(options_);
    EXPECT_EQ(client_over_tls(proxy_header(0x20, 0, "")), proxy);
    EXPECT_EQ(client_over_tls(proxy_header(0x21, 0, "")), proxy);
    RawClient check(address_, proxy);  // looks whether anyone is there, and goes
    check.send(proxy_header(0x20, 0, ""));
    check.end_sending();
    EXPECT_TRUE(check.closed());
    RawClient bare_check(address_, proxy);
    bare_check.end_sending();
    EXPECT_TRUE(bare_check.closed());
    EXPECT_THAT(log_.lines(), Not(HasSubstr("proxy header refused")));
}

TEST_F(TrustedProxyTest, MustSayWhoseATlsConnectionIs) {
    start(options_);
    EXPECT_EQ(client_over_tls(""), "");
    EXPECT_THAT(log_.lines(), HasSubstr("proxy header refused remote=127.0.0.9 reason=a trusted "
                                        "proxy must send a PROXY protocol header"));
}

TEST_F(TrustedProxyTest, MustSpeakVersion2) {
    start(options_);
    EXPECT_EQ(client_over_tls("PROXY TCP4 192.0.2.7 192.0.2.8 40000 443\r\n"), "");
    EXPECT_THAT(log_.lines(), HasSubstr("version 1 of the PROXY protocol is not spoken here"));
}

TEST_F(TrustedProxyTest, MustNotSendNonsense) {
    options_.limits.request_deadline = 300ms;
    start(options_);
    for (const auto& header :
         {proxy_header(0x21, 0x12, std::string(12, 'a')), proxy_header(0x21, 0x11, "short"),
          std::string("\r\n\r\n"), proxy_header(0x20, 0, std::string(2049, 'a')),
          proxy_header_of("192.0.2.7").substr(0, 20)})
        EXPECT_EQ(client_over_tls(header), "");
    EXPECT_THAT(log_.lines(), HasSubstr("proxy header refused remote=127.0.0.9"));
}

TEST_F(TrustedProxyTest, MaySendItsHeaderInPieces) {
    start(options_);
    RawClient client(address_, proxy);
    for (const char octet : proxy_header_of("192.0.2.7")) client.send(std::string(1, octet));
    ASSERT_TRUE(client.start_tls(context_.get()));
    client.send(get("/"));
    EXPECT_EQ(client.receive().fields.at("x-remote"), "192.0.2.7");
}

TEST_F(TrustedProxyTest, IsBelievedAndNobodyElse) {
    start(options_);
    EXPECT_EQ(client_over_tls(proxy_header_of("192.0.2.7"), "127.0.0.8"), "");
    EXPECT_EQ(client_in_plain(proxy_header_of("192.0.2.7"), "", "127.0.0.8"), "");
    EXPECT_THAT(log_.lines(), HasSubstr("remote=127.0.0.8 reason=the address is not among "
                                        "server.trusted_proxies"));
    EXPECT_EQ(client_in_plain("", "192.0.2.7", "127.0.0.8"), "127.0.0.8");
    EXPECT_EQ(client_over_tls("", "127.0.0.8"), "127.0.0.8");
}

TEST_F(TrustedProxyTest, ForwardsRequestsWithoutTls) {
    start(options_);
    EXPECT_EQ(client_in_plain("", "203.0.113.9, 192.0.2.7, 10.0.0.2"), "192.0.2.7");
    EXPECT_TRUE(log_.comes_to_hold("remote=192.0.2.7 method=GET"));
    EXPECT_EQ(client_in_plain("", ""), proxy);
    // The one in front of it is believed if it is trusted.
    EXPECT_EQ(client_in_plain(proxy_header_of("10.0.0.1"), "192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(client_in_plain(proxy_header_of("192.0.2.1"), "192.0.2.7"), "192.0.2.1");
}

TEST_F(TrustedProxyTest, ItsClientsAreBoundedAndItselfIsNot) {
    options_.limits.connections_per_client = 1;
    std::atomic<int> entered = 0;
    std::atomic<bool> released = false;
    options_.handler = [&](Request request) -> base::Task<Response> {
        ++entered;
        while (!released) co_await base::sleep_for(1ms);
        co_return co_await echo(std::move(request));
    };
    start(options_);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (const char* address : {"192.0.2.7", "192.0.2.8", "2001:db8::7"}) {
        clients.push_back(std::make_unique<RawClient>(address_, proxy));
        clients.back()->send(proxy_header_of(address));
        ASSERT_TRUE(clients.back()->start_tls(context_.get()));
        clients.back()->send(get("/"));
    }
    while (entered < 3) std::this_thread::yield();
    for (const char* address : {"192.0.2.7", "2001:db8::8"}) {  // the /64 is one client
        RawClient further(address_, proxy);
        further.send(proxy_header_of(address));
        EXPECT_FALSE(further.start_tls(context_.get())) << address;
    }
    EXPECT_THAT(log_.lines(), HasSubstr("connections refused count=1 remote=192.0.2.7"));
    released = true;
    for (const auto& client : clients) EXPECT_EQ(client->receive().status, 200);
}

TEST_F(TrustedProxyTest, NeedNotSendItToAServerWithoutTls) {
    options_.tls = nullptr;
    start(options_);
    EXPECT_EQ(client_in_plain("", ""), proxy);
    EXPECT_EQ(client_in_plain(proxy_header(0x20, 0, ""), ""), proxy);
    EXPECT_EQ(client_in_plain(proxy_header_of("192.0.2.7"), ""), "192.0.2.7");
    EXPECT_EQ(client_in_plain(proxy_header_of("192.0.2.7"), "", "127.0.0.8"), "");
}

TEST_F(TrustedProxyTest, NoRequestWithoutTlsHasABody) {
    options_.trusted_proxies.clear();
    start(options_);
    for (const std::string& framing :
         {std::string("Content-Length: 1\r\n\r\n"), std::string("Content-Length: 65000\r\n\r\n"),
          std::string("Transfer-Encoding: chunked\r\n\r\n1\r\n")}) {
        RawClient client(address_);
        client.send("POST / HTTP/1.1\r\nHost: a\r\n" + framing);
        EXPECT_EQ(client.receive().status, 413) << framing;
        EXPECT_TRUE(client.closed());
    }
    RawClient client(address_);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(client.receive().status, 200);
}

}  // namespace
}  // namespace cairn::http::trusted_proxy_test
