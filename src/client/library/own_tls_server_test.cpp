#include "client/library/own_tls_server.h"

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <openssl/ssl.h>

#include <gtest/gtest.h>

#include "client/testing/challenge.h"
#include "client/testing/issuer.h"
#include "pki/certificate.h"

namespace cairn::client::own_tls_server_test {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype([](SSL_CTX* context) { SSL_CTX_free(context); })>;
using Session = std::unique_ptr<SSL, decltype([](SSL* tls) { SSL_free(tls); })>;
using Octets =
    std::unique_ptr<unsigned char, decltype([](unsigned char* octets) { OPENSSL_free(octets); })>;

constexpr std::string_view acme_tls =
    "\x0a"
    "acme-tls/1";
constexpr std::string_view http = "\x08http/1.1";

/// A server of the program's own, with a certificate for everybody.
class OwnTlsServerTest : public ::testing::Test {
  protected:
    OwnTlsServerTest() : server_(SSL_CTX_new(TLS_server_method())) {
        SSL_CTX_use_certificate(server_.get(), usual_.handle());
        SSL_CTX_use_PrivateKey(server_.get(), key_.handle());
        own_->answer_in(server_.get());
    }

    /// What the server shows to a client that asks for this name and offers these protocols;
    /// nothing if the handshake fails. Both ends are in memory.
    std::optional<pki::Certificate> shown(const char* name, std::string_view protocols) {
        const Context context(SSL_CTX_new(TLS_client_method()));
        const Session client(SSL_new(context.get()));
        const Session server(SSL_new(server_.get()));
        BIO* near = nullptr;
        BIO* far = nullptr;
        BIO_new_bio_pair(&near, 0, &far, 0);
        SSL_set_bio(client.get(), near, near);
        SSL_set_bio(server.get(), far, far);
        SSL_ctrl(client.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(name));
        SSL_set_alpn_protos(client.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
        SSL_set_connect_state(client.get());
        SSL_set_accept_state(server.get());
        for (int step = 0; step < 10; ++step) {
            SSL_do_handshake(client.get());
            SSL_do_handshake(server.get());
        }
        if (SSL_is_init_finished(client.get()) != 1 || SSL_is_init_finished(server.get()) != 1)
            return std::nullopt;
        unsigned char* der = nullptr;
        X509* const certificate = SSL_get0_peer_certificate(client.get());
        const int size = i2d_X509(certificate, &der);
        const Octets owner(der);
        return pki::Certificate::from_der({der, static_cast<std::size_t>(size)}).value();
    }

    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    testing::Issuer issuer_;
    pki::Certificate usual_ =
        issuer_.issue(key_.public_key(), testing::names({"a.example"})).front();
    std::shared_ptr<OwnTlsServer> own_ = std::make_shared<OwnTlsServer>();
    Context server_;
    Challenge challenge_ = testing::challenge(protocol::ChallengeType::tls_alpn_01, "a.example");
};

TEST_F(OwnTlsServerTest, AnswersTheCaAndNobodyElse) {
    own_->present(challenge_);
    const auto answer = shown("a.example", acme_tls);
    ASSERT_TRUE(answer);
    EXPECT_NE(*answer, usual_);
    EXPECT_EQ(answer->extensions("1.3.6.1.5.5.7.1.31").size(), 1U);
    EXPECT_EQ(shown("a.example", http), usual_);
    EXPECT_EQ(shown("a.example", std::string(http) + std::string(acme_tls)), usual_);
    EXPECT_FALSE(shown("b.example", acme_tls));
    own_->clean_up(challenge_);
    EXPECT_FALSE(shown("a.example", acme_tls));
    EXPECT_EQ(shown("a.example", http), usual_);
}

TEST_F(OwnTlsServerTest, IsOutlivedByTheContext) {
    own_->present(challenge_);
    own_.reset();
    EXPECT_NE(shown("a.example", acme_tls), usual_);
    EXPECT_EQ(shown("a.example", http), usual_);
}

}  // namespace
}  // namespace cairn::client::own_tls_server_test
