#include <boost/asio/ssl/stream.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/testing/certificate_forge.h"
#include "va/testing/challenge.h"
#include "va/testing/fake_resolver.h"
#include "va/testing/peer.h"
#include "va/validation.h"

namespace cairn::va::tls_alpn01_test {
namespace {

using protocol::ProblemType;
using std::chrono::steady_clock;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using testing::Forgery;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Offered and chosen protocols: one, with its length before it.
const std::string acme_tls =
    "\x0a"
    "acme-tls/1";

/// A TLS server with one certificate; by default what RFC 8737 wants.
struct Behaviour {
    Forgery forgery;
    std::string chosen_protocol = acme_tls;  ///< empty: ALPN is ignored
    int min_version = TLS1_2_VERSION;
    int max_version = TLS1_3_VERSION;
    int further_certificates = 0;
};

class AlpnPeer {
  public:
    AlpnPeer(testing::EventLoop& loop, Behaviour behaviour,
             const std::string& address = "127.0.0.1")
        : behaviour_(std::move(behaviour)),
          certificate_(testing::forge_certificate(key_.get(), behaviour_.forgery)),
          tls_(testing::server_context(certificate_.get(), key_.get())),
          peer_(
              loop, [this](testing::Socket socket) { return converse(std::move(socket)); },
              address) {
        SSL_CTX* native = tls_.native_handle();
        SSL_CTX_set_min_proto_version(native, behaviour_.min_version);
        SSL_CTX_set_max_proto_version(native, behaviour_.max_version);
        SSL_CTX_set_alpn_select_cb(native, &choose, this);
        for (int count = 0; count < behaviour_.further_certificates; ++count) {
            X509_up_ref(certificate_.get());
            SSL_CTX_add_extra_chain_cert(native, certificate_.get());
        }
    }

    [[nodiscard]] std::uint16_t port() const { return peer_.port(); }
    [[nodiscard]] int connections() { return peer_.connections(); }

    std::string server_name;  ///< of the last hello
    std::string offered;      ///< protocols of the last hello, as they stand on the wire
    bool hung_up = false;     ///< the validator closed the connection

  private:
    static int choose(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                      const unsigned char* offered, unsigned offered_size, void* peer) {
        auto& self = *static_cast<AlpnPeer*>(peer);
        self.offered = base::text_of({offered, offered_size});
        if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) {
            self.server_name = name;
        }
        if (self.behaviour_.chosen_protocol.empty()) return SSL_TLSEXT_ERR_NOACK;
        const auto octets = base::bytes_of(self.behaviour_.chosen_protocol);
        *chosen_size = octets.front();
        *chosen = octets.data() + 1;
        return SSL_TLSEXT_ERR_OK;
    }
    base::Task<void> converse(testing::Socket socket) {
        boost::asio::ssl::stream<testing::Socket> stream(std::move(socket), tls_);
        co_await stream.async_handshake(boost::asio::ssl::stream_base::server, testing::with_error);
        std::array<char, 64> octets{};
        const auto [end, size] =
            co_await stream.async_read_some(boost::asio::buffer(octets), testing::with_error);
        hung_up = static_cast<bool>(end);
    }

    Behaviour behaviour_;
    crypto::PkeyHandle key_ = testing::forge_key();
    crypto::X509Handle certificate_;
    boost::asio::ssl::context tls_;
    testing::Peer peer_;
};

Forgery challenge_certificate(std::string alt_name) {
    const auto digest = protocol::tls_alpn_digest(testing::key_authorization);
    base::Bytes value{0x04, 0x20};
    value.insert(value.end(), digest.begin(), digest.end());
    Forgery forgery;
    forgery.alt_names = {std::move(alt_name)};
    forgery.extensions.push_back({"1.3.6.1.5.5.7.1.31", true, std::move(value)});
    return forgery;
}
Behaviour well_behaved() {
    Behaviour behaviour;
    behaviour.forgery = challenge_certificate("DNS:example.com");
    return behaviour;
}

class TlsAlpn01 : public ::testing::Test {
  protected:
    TlsAlpn01() { resolver.set("example.com", {"127.0.0.1"}); }

    auto validate(const Validation& validation = testing::challenge_for("example.com")) {
        const auto begin = steady_clock::now();
        auto result = loop.run(validate_tls_alpn01(validation, settings, resolver));
        EXPECT_LT(steady_clock::now() - begin, settings.deadline + std::chrono::seconds(3));
        return result;
    }
    auto validate_with(const auto& peer) {
        settings.tls_alpn_port = peer.port();
        return validate();
    }
    /// The problem with a peer that behaves like this.
    Failure problem_with(const Behaviour& behaviour) {
        AlpnPeer peer(loop, behaviour);
        const auto result = validate_with(peer);
        EXPECT_FALSE(result) << "it succeeded";
        return result ? Failure(ProblemType::unknown, "", Outlook::final) : result.error();
    }

    testing::EventLoop loop;
    testing::FakeResolver resolver;
    Settings settings = testing::loopback_settings();
};

// Check 114.
TEST_F(TlsAlpn01, TheRightCertificateProvesAndTheConnectionIsClosed) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        auto behaviour = well_behaved();
        behaviour.min_version = behaviour.max_version = version;
        AlpnPeer peer(loop, behaviour);
        const auto evidence = validate_with(peer);
        ASSERT_TRUE(evidence) << evidence.error().detail;
        EXPECT_THAT(evidence->steps, ElementsAre("example.com AAAA", "example.com A",
                                                 "127.0.0.1:" + std::to_string(peer.port())));
        EXPECT_EQ(peer.server_name, "example.com");
        EXPECT_EQ(peer.offered, acme_tls);
        loop.run_until([&] { return peer.hung_up; });
    }
}

// Check 115.
TEST_F(TlsAlpn01, WithoutAlpnThePerfectCertificateProvesNothing) {
    for (const char* chosen : {"", "\x02h2", "\x08http/1.1",
                               "\x0a"
                               "ACME-TLS/1"}) {
        auto behaviour = well_behaved();
        behaviour.chosen_protocol = chosen;
        const auto problem = problem_with(behaviour);
        EXPECT_THAT(problem.type, AnyOf(ProblemType::tls, ProblemType::unauthorized)) << chosen;
    }
    auto ignoring = well_behaved();
    ignoring.chosen_protocol = "";
    EXPECT_THAT(problem_with(ignoring).detail, HasSubstr("acme-tls/1"));
}

// Checks 116, 117, 119.
TEST_F(TlsAlpn01, AWrongCertificateIsUnauthorized) {
    std::vector<Forgery> wrong;
    wrong.push_back(challenge_certificate("DNS:example.org"));
    wrong.push_back(challenge_certificate("DNS:example.com, DNS:example.org"));
    wrong.push_back(challenge_certificate("DNS:example.com"));
    wrong.back().extensions.clear();
    wrong.push_back(challenge_certificate("DNS:example.com"));
    wrong.back().extensions.front().critical = false;
    wrong.push_back(challenge_certificate("DNS:example.com"));
    wrong.back().extensions.front().value.back() ^= 1;
    const auto other_key = testing::forge_key();
    wrong.push_back(challenge_certificate("DNS:example.com"));
    wrong.back().signer = other_key.get();
    for (const auto& forgery : wrong) {
        Behaviour behaviour;
        behaviour.forgery = forgery;
        const auto problem = problem_with(behaviour);
        EXPECT_EQ(problem.type, ProblemType::unauthorized);
        EXPECT_THAT(problem.detail, HasSubstr("127.0.0.1:"));
    }
}

// Check 118.
TEST_F(TlsAlpn01, OlderVersionsOfTlsAreATlsProblem) {
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        auto behaviour = well_behaved();
        behaviour.min_version = behaviour.max_version = version;
        EXPECT_EQ(problem_with(behaviour).type, ProblemType::tls);
    }
}

// Check 118.
TEST_F(TlsAlpn01, WhatDoesNotSpeakTlsIsATlsProblem) {
    for (const char* answer : {"HTTP/1.1 400 Bad Request\r\n\r\n", ""}) {
        testing::Peer peer(loop, testing::saying(answer));
        EXPECT_EQ(validate_with(peer).error().type, ProblemType::tls) << answer;
    }
}

// Check 118.
TEST_F(TlsAlpn01, RefusalResetAndSilenceAreConnectionProblems) {
    {
        testing::Peer gone(loop, testing::silence);
        settings.tls_alpn_port = gone.port();
    }
    EXPECT_EQ(validate().error().type, ProblemType::connection);
    testing::Peer resetting(loop, testing::reset);
    EXPECT_EQ(validate_with(resetting).error().type, ProblemType::connection);
    testing::Peer silent(loop, testing::silence);
    settings.deadline = testing::short_deadline;
    const auto timeout = validate_with(silent).error();
    EXPECT_EQ(timeout.type, ProblemType::connection);
    EXPECT_THAT(timeout.detail, HasSubstr("timed out"));
}

TEST_F(TlsAlpn01, AFailedLookUpIsADnsProblem) {
    resolver = {};
    EXPECT_EQ(validate().error().type, ProblemType::dns);
}

// Check 100.
TEST_F(TlsAlpn01, AForbiddenAddressIsNotDialled) {
    AlpnPeer peer(loop, well_behaved());
    settings = testing::public_settings();
    EXPECT_EQ(validate_with(peer).error().type, ProblemType::connection);
    EXPECT_EQ(peer.connections(), 0);
}

TEST_F(TlsAlpn01, NothingIsQuotedFromGrantedSpace) {
    auto behaviour = well_behaved();
    behaviour.forgery.alt_names = {"DNS:secret.corp"};
    const auto problem = problem_with(behaviour);
    EXPECT_EQ(problem.type, ProblemType::unauthorized);
    EXPECT_EQ(problem.outlook, Outlook::final);
    EXPECT_EQ(problem.detail.find("secret"), std::string::npos) << problem.detail;
    behaviour = well_behaved();
    behaviour.chosen_protocol.clear();
    EXPECT_EQ(problem_with(behaviour).outlook, Outlook::may_heal) << "it serves its site as yet";
}

// Check 119.
TEST_F(TlsAlpn01, LongChainsAreRefused) {
    auto behaviour = well_behaved();
    behaviour.further_certificates = 99;
    const auto by_count = problem_with(behaviour);
    EXPECT_EQ(by_count.type, ProblemType::unauthorized);
    EXPECT_THAT(by_count.detail, HasSubstr("is not the challenge's"));

    behaviour.further_certificates = 3;
    behaviour.forgery.extensions.push_back({"1.2.3.4", false, base::Bytes(30000, 0x55)});
    EXPECT_EQ(problem_with(behaviour).type, ProblemType::tls);  // beyond 64 KiB
}

// Check 119.
TEST_F(TlsAlpn01, AHandshakeOf10MebibytesIsNotRead) {
    std::size_t sent = 0;
    bool hung_up = false;
    testing::Peer flooding(loop, [&](testing::Socket socket) -> base::Task<void> {
        // A ServerHello that claims 16 MiB, in records of 16,000 octets.
        std::string record = "\x16\x03\x03\x3e\x80";
        record += std::string("\x02\xff\xff\xff", 4) + std::string(15996, '\x03');
        while (sent < (10U << 20U)) {
            if (!co_await testing::send(socket, record, sent)) break;
        }
        hung_up = true;
    });
    EXPECT_EQ(validate_with(flooding).error().type, ProblemType::tls);
    loop.run_until([&] { return hung_up; });
    EXPECT_LT(sent, 10U << 20U);
}

// Check 122.
TEST_F(TlsAlpn01, AnAddressIsAskedForByItsReverseNameWithoutDns) {
    struct Case {
        const char* address;
        const char* server_name;
    };
    for (const auto& [address, server_name] :
         {Case{"127.0.0.1", "1.0.0.127.in-addr.arpa"},
          Case{"::1",
               "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"}}) {
        Behaviour behaviour;
        behaviour.forgery = challenge_certificate(std::string("IP:") + address);
        AlpnPeer peer(loop, behaviour, address);
        settings.tls_alpn_port = peer.port();
        const auto result =
            validate(testing::challenge_for(protocol::Identifier::ip(address).value()));
        EXPECT_TRUE(result) << result.error().detail;
        EXPECT_EQ(peer.server_name, server_name);
    }
    EXPECT_THAT(resolver.queries(), IsEmpty());
}

TEST_F(TlsAlpn01, WildcardsAreNotProvenByIt) {
    EXPECT_THROW(static_cast<void>(validate(testing::challenge_for("*.example.com"))),
                 std::logic_error);
    EXPECT_THAT(resolver.queries(), IsEmpty());
}

}  // namespace
}  // namespace cairn::va::tls_alpn01_test
