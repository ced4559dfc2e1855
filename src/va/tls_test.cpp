#include "va/tls.h"

#include <gtest/gtest.h>

#include "va/testing/certificate_forge.h"
#include "va/testing/challenge.h"
#include "va/testing/fake_resolver.h"
#include "va/testing/peer.h"

namespace cairn::va::tls_test {
namespace {

// Check 119.
TEST(Tls, RenegotiationIsNotJoined) {
    testing::EventLoop loop;
    const auto key = testing::forge_key();
    const auto certificate = testing::forge_certificate(key.get(), {});
    auto tls = testing::server_context(certificate.get(), key.get());
    SSL_CTX_set_max_proto_version(tls.native_handle(), TLS1_2_VERSION);
    int hellos = 0;
    SSL_CTX_set_client_hello_cb(
        tls.native_handle(),
        [](SSL*, int*, void* count) {
            ++*static_cast<int*>(count);
            return SSL_CLIENT_HELLO_SUCCESS;
        },
        &hellos);
    testing::Peer peer(loop, [&](testing::Socket socket) -> base::Task<void> {
        boost::asio::ssl::stream<testing::Socket> stream(std::move(socket), tls);
        co_await stream.async_handshake(boost::asio::ssl::stream_base::server, testing::with_error);
        SSL_renegotiate(stream.native_handle());
        // Sends the HelloRequest; what the client says to it arrives with the next read.
        co_await stream.async_handshake(boost::asio::ssl::stream_base::server, testing::with_error);
        std::array<char, 64> octets{};
        co_await stream.async_read_some(boost::asio::buffer(octets), testing::with_error);
    });

    testing::FakeResolver resolver;
    const auto settings = testing::loopback_settings();
    const auto talk = [&]() -> base::Task<bool> {
        Dialer dialer(resolver, settings.egress,
                      std::chrono::steady_clock::now() + settings.deadline);
        const auto loopback = base::IpAddress::from_text("127.0.0.1").value();
        auto connection =
            co_await dialer.connect(loopback, peer.port(), Reach::of_validated_name());
        if (!connection) co_return false;
        const ClientHello hello;
        const auto stream = co_await handshake(std::move(*connection), hello, Disclosure::quotes);
        if (!stream) co_return false;
        // Reading is when OpenSSL sees the HelloRequest.
        std::array<char, 64> octets{};
        co_await (*stream)->async_read_some(boost::asio::buffer(octets), testing::with_error);
        co_return true;
    };
    EXPECT_TRUE(loop.run(talk()));
    EXPECT_EQ(hellos, 1);
}

}  // namespace
}  // namespace cairn::va::tls_test
