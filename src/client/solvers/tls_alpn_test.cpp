#include "client/solvers/tls_alpn.h"

#include <atomic>
#include <optional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ip_address.h"
#include "client/failure.h"
#include "client/testing/challenge.h"
#include "client/testing/free_port.h"
#include "client/testing/heard.h"
#include "pki/certificate.h"

namespace cairn::client::tls_alpn_test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using protocol::ChallengeType;

/// acmeIdentifier (RFC 8737 section 6.1).
constexpr const char* acme_identifier = "1.3.6.1.5.5.7.1.31";

/// What a CA sees.
struct Seen {
    pki::Certificate certificate;
    std::string protocol;
    bool is_closed_after_handshake = false;
};

class TlsAlpn : public ::testing::Test {
  protected:
    std::unique_ptr<Solver> solver() {
        return make_tls_alpn_solver("127.0.0.1:" + std::to_string(port_), {clock_, timer_, heard_})
            .value();
    }
    /// Shakes hands with these protocols (each with its length in front) and this name.
    std::optional<Seen> look(const std::string& protocols, const std::string& name,
                             int version = TLS1_3_VERSION) {
        asio::io_context context;
        asio::ssl::context tls(asio::ssl::context::tls_client);
        SSL_CTX_set_max_proto_version(tls.native_handle(), version);
        asio::ssl::stream<tcp::socket> stream(context, tls);
        stream.lowest_layer().connect({asio::ip::make_address("127.0.0.1"), port_});
        auto* const raw = stream.native_handle();
        if (!protocols.empty())
            SSL_set_alpn_protos(raw, base::bytes_of(protocols).data(),
                                static_cast<unsigned>(protocols.size()));
        if (!name.empty())
            SSL_ctrl(raw, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                     const_cast<char*>(name.c_str()));
        boost::system::error_code error;
        stream.handshake(asio::ssl::stream_base::client, error);
        if (error) return std::nullopt;
        std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(raw),
                                                         &X509_free);
        unsigned char* der = nullptr;
        const int size = i2d_X509(peer.get(), &der);
        auto certificate =
            pki::Certificate::from_der({der, static_cast<std::size_t>(size)}).value();
        OPENSSL_free(der);
        const unsigned char* chosen = nullptr;
        unsigned length = 0;
        SSL_get0_alpn_selected(raw, &chosen, &length);
        char octet = 0;
        stream.read_some(asio::buffer(&octet, 1), error);
        return Seen{std::move(certificate),
                    std::string(base::text_of({chosen, static_cast<std::size_t>(length)})),
                    error == asio::error::eof};
    }
    std::uint16_t port_ = testing::free_port();
    base::SystemClock clock_;
    InstantTimer timer_;
    testing::Heard heard_;
    const std::string acme_ =
        "\x0a"
        "acme-tls/1";
};

void expect_proof(const Seen& seen, const Challenge& challenge) {
    EXPECT_EQ(seen.protocol, "acme-tls/1");
    EXPECT_TRUE(seen.is_closed_after_handshake);
    const auto extensions = seen.certificate.extensions(acme_identifier);
    ASSERT_EQ(extensions.size(), 1U);
    EXPECT_TRUE(extensions.front().critical);
    const auto digest = protocol::tls_alpn_digest(challenge.key_authorization);
    base::Bytes expected{4, 32};  // OCTET STRING of 32 octets
    expected.insert(expected.end(), digest.begin(), digest.end());
    EXPECT_EQ(extensions.front().value, expected);
    EXPECT_TRUE(seen.certificate.is_self_signed());
}

TEST_F(TlsAlpn, ShowsTheProofToWhoeverAsksForItByName) {
    const auto server = solver();
    const auto first = testing::challenge(ChallengeType::tls_alpn_01, "a.example", 'a');
    const auto second = testing::challenge(ChallengeType::tls_alpn_01, "b.example", 'b');
    server->present(first);
    server->present(second);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
        for (const auto& challenge : {first, second}) {
            const auto seen = look(acme_, challenge.identifier.value(), version);
            ASSERT_TRUE(seen);
            expect_proof(*seen, challenge);
            EXPECT_THAT(seen->certificate.names().dns_names,
                        ::testing::ElementsAre(challenge.identifier.value()));
        }
    EXPECT_TRUE(look(acme_, "A.Example"));
}

TEST_F(TlsAlpn, ProvesAddressesByTheirReverseNames) {
    const auto server = solver();
    for (const auto* text : {"192.0.2.7", "2001:db8::1"}) {
        const auto challenge = testing::challenge(ChallengeType::tls_alpn_01, text);
        server->present(challenge);
        const auto address = challenge.identifier.ip_address();
        const auto seen = look(acme_, address.reverse_name());
        ASSERT_TRUE(seen) << text;
        expect_proof(*seen, challenge);
        EXPECT_THAT(seen->certificate.names().ip_addresses, ::testing::ElementsAre(address));
        EXPECT_TRUE(seen->certificate.names().dns_names.empty());
        server->clean_up(challenge);
    }
}

TEST_F(TlsAlpn, OrdersForOneNameTakeTurns) {
    SystemTimer timer;
    const auto server =
        make_tls_alpn_solver("127.0.0.1:" + std::to_string(port_), {clock_, timer, heard_}).value();
    const auto first = testing::challenge(ChallengeType::tls_alpn_01, "a.example", 'a');
    const auto second = testing::challenge(ChallengeType::tls_alpn_01, "a.example", 'b');
    server->present(first);
    std::atomic<bool> is_second_up = false;
    std::jthread other([&] {
        server->present(second);
        is_second_up = true;
    });
    expect_proof(*look(acme_, "a.example"), first);
    EXPECT_FALSE(is_second_up);
    server->clean_up(first);
    other.join();
    expect_proof(*look(acme_, "a.example"), second);
}

TEST_F(TlsAlpn, DoesNotWaitForItsTurnForEver) {
    const auto server = solver();
    server->present(testing::challenge(ChallengeType::tls_alpn_01, "a.example", 'a'));
    EXPECT_THROW(server->present(testing::challenge(ChallengeType::tls_alpn_01, "a.example", 'b')),
                 Failure);
}

// Check 205.
TEST_F(TlsAlpn, ShowsNothingToAnybodyElse) {
    const auto server = solver();
    server->present(testing::challenge(ChallengeType::tls_alpn_01, "a.example"));
    const std::string http =
        "\x08"
        "http/1.1";
    EXPECT_FALSE(look("", "a.example"));
    EXPECT_FALSE(look(http, "a.example"));
    EXPECT_FALSE(look(acme_ + http, "a.example"));
    EXPECT_FALSE(
        look("\x0a"
             "acme-tls/2",
             "a.example"));
    EXPECT_FALSE(look(acme_, "b.example"));
    EXPECT_FALSE(look(acme_, ""));
    EXPECT_FALSE(look(acme_, "a.example", TLS1_1_VERSION));
    EXPECT_TRUE(look(acme_, "a.example"));
}

TEST_F(TlsAlpn, ListensOnlyWhileThereIsSomethingToAnswer) {
    const auto server = solver();
    const auto old = testing::challenge(ChallengeType::tls_alpn_01, "a.example", 'a');
    const auto current = testing::challenge(ChallengeType::tls_alpn_01, "a.example", 'b');
    server->clean_up(old);
    EXPECT_THROW(look(acme_, "a.example"), boost::system::system_error);
    server->present(current);
    server->clean_up(old);  // of an order that never had its turn
    const auto seen = look(acme_, "a.example");
    ASSERT_TRUE(seen);
    expect_proof(*seen, current);
    server->clean_up(current);
    EXPECT_THROW(look(acme_, "a.example"), boost::system::system_error);
}

TEST_F(TlsAlpn, IsNotHeldUpByPeersThatSayNothing) {
    const auto server = solver();
    const auto challenge = testing::challenge(ChallengeType::tls_alpn_01, "a.example");
    server->present(challenge);
    asio::io_context context;
    std::vector<tcp::socket> silent;
    for (int i = 0; i < 20; ++i) {
        silent.emplace_back(context);
        silent.back().connect({asio::ip::make_address("127.0.0.1"), port_});
    }
    EXPECT_TRUE(look(acme_, "a.example"));
    server->clean_up(challenge);
}

TEST_F(TlsAlpn, ReportsAPortThatIsTaken) {
    const auto challenge = testing::challenge(ChallengeType::tls_alpn_01, "a.example");
    const auto first = solver();
    first->present(challenge);
    EXPECT_THROW(solver()->present(challenge), Failure);
}

}  // namespace
}  // namespace cairn::client::tls_alpn_test
