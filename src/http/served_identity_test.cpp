#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl.h"
#include "http/server.h"
#include "http/testing/server_certificate.h"
#include "http/testing/server_fixture.h"
#include "net/tls_identity.h"
#include "net/tls_identity_state.h"

namespace cairn::http::served_identity_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Servers with an identity.
class TlsIdentityTest : public ServerTest {
  protected:
    TlsIdentityTest() : context_(SSL_CTX_new(TLS_client_method())) {
        identity_->replace(self_signed_pem(key_, "first"), key_);
    }
    void start_tls(Handler plain_handler = nullptr, Limits limits = {}) {
        Server::Options options;
        options.tls = identity_;
        options.handler = echo;
        options.plain_handler = std::move(plain_handler);
        options.limits = limits;
        start(std::move(options));
    }
    [[nodiscard]] static std::string server_name(SSL* tls) {
        const crypto::X509Handle certificate(SSL_get1_peer_certificate(tls));
        char name[64] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                                  sizeof name);
        return name;
    }

    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    std::shared_ptr<net::TlsIdentity> identity_ = std::make_shared<net::TlsIdentity>();
    crypto::SslContextHandle context_;
};

TEST_F(TlsIdentityTest, AnswersOverTls) {
    start_tls();
    RawClient client(address_);
    ASSERT_TRUE(client.start_tls(context_.get()));
    EXPECT_EQ(server_name(client.tls()), "first");
    for (int count = 0; count < 3; ++count) {
        client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" +
                    std::string(60000, 'b'));
        const RawReply reply = client.receive();
        EXPECT_EQ(reply.body, "POST /x " + std::string(60000, 'b'));
        EXPECT_EQ(reply.fields.at("x-tls"), "yes");
    }
    client.send(get("/1") + get("/2"));
    EXPECT_EQ(client.receive().body, "GET /1 ");
    EXPECT_EQ(client.receive().body, "GET /2 ");
    client.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(SSL_get_shutdown(client.tls()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN)
        << "the end is a close_notify, not a cut";
}

TEST_F(TlsIdentityTest, AnswersPlainHttpThroughItsOwnHandlerAlone) {
    start_tls([](Request request) -> base::Task<Response> {
        Response response;
        response.body = "plain " + request.target;
        co_return response;
    });
    RawClient plain(address_);
    plain.send(get("/issuer"));
    EXPECT_EQ(plain.receive().body, "plain /issuer");
    RawClient client(address_);
    ASSERT_TRUE(client.start_tls(context_.get()));
    client.send(get("/"));
    EXPECT_EQ(client.receive().body, "GET / ");
}

TEST_F(TlsIdentityTest, RefusesPlainHttpWithoutSuchAHandler) {
    start_tls();
    RawClient plain(address_);
    plain.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    const RawReply reply = plain.receive();
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr("https"));
    EXPECT_TRUE(plain.closed());
}

TEST_F(TlsIdentityTest, SpeaksTls12AndNewerOnly) {
    start_tls();
    struct Case {
        int version;
        bool taken;
    };
    for (const auto& [version, taken] :
         {Case{TLS1_1_VERSION, false}, Case{TLS1_2_VERSION, true}, Case{TLS1_3_VERSION, true}}) {
        const crypto::SslContextHandle context(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_security_level(context.get(), 0);
        SSL_CTX_set_min_proto_version(context.get(), version);
        SSL_CTX_set_max_proto_version(context.get(), version);
        RawClient client(address_);
        EXPECT_EQ(client.start_tls(context.get()), taken) << version;
    }
}

TEST_F(TlsIdentityTest, AgreesOnHttp11OrNothing) {
    start_tls();
    using Protocols = std::vector<unsigned char>;
    const std::pair<Protocols, bool> cases[] = {
        {{2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'}, true},
        {{2, 'h', '2'}, false},
        {{10, 'a', 'c', 'm', 'e', '-', 't', 'l', 's', '/', '1'}, false},
    };
    for (const auto& [protocols, taken] : cases) {
        const crypto::SslContextHandle context(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_alpn_protos(context.get(), protocols.data(),
                                static_cast<unsigned>(protocols.size()));
        RawClient client(address_);
        ASSERT_EQ(client.start_tls(context.get()), taken);
        if (!taken) continue;
        const unsigned char* chosen = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(client.tls(), &chosen, &size);
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
    }
}

TEST_F(TlsIdentityTest, ReplacesItsCertificateWhileItServes) {
    start_tls();
    RawClient before(address_);
    ASSERT_TRUE(before.start_tls(context_.get()));
    const auto new_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p384);
    const auto new_pem = self_signed_pem(new_key, "second");
    identity_->replace(new_pem, new_key);
    RawClient after(address_);
    ASSERT_TRUE(after.start_tls(context_.get()));
    EXPECT_EQ(server_name(after.tls()), "second");
    for (RawClient* client : {&before, &after}) {
        client->send(get("/"));
        EXPECT_EQ(client->receive().status, 200);
    }

    EXPECT_THROW(identity_->replace(new_pem, key_), std::runtime_error);
    EXPECT_THROW(identity_->replace("", key_), std::runtime_error);
    EXPECT_THROW(identity_->replace(new_pem + "-----BEGIN CERTIFICATE-----\nAAAA\n", new_key),
                 std::runtime_error);
    RawClient still(address_);
    ASSERT_TRUE(still.start_tls(context_.get()));
    EXPECT_EQ(server_name(still.tls()), "second");
}

TEST_F(TlsIdentityTest, ResumesSessionsWhereThatSparesWork) {
    start_tls();
    const auto rsa_key = crypto::PrivateKey::generate(crypto::KeyType::rsa2048);
    struct Case {
        int version;
        bool has_rsa_key;
        bool resumes;
    };
    // A full handshake of TLS 1.2 costs another round trip.
    for (const auto& [version, has_rsa_key, resumes] :
         {Case{TLS1_2_VERSION, false, true}, Case{TLS1_3_VERSION, false, false},
          Case{TLS1_2_VERSION, true, true}, Case{TLS1_3_VERSION, true, true}}) {
        if (has_rsa_key) identity_->replace(self_signed_pem(rsa_key, "rsa"), rsa_key);
        const crypto::SslContextHandle context(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_min_proto_version(context.get(), version);
        SSL_CTX_set_max_proto_version(context.get(), version);
        RawClient first(address_);
        ASSERT_TRUE(first.start_tls(context.get()));
        first.send(get("/"));
        EXPECT_EQ(first.receive().status, 200);  // TLS 1.3 sends its ticket before
        const crypto::Handle<SSL_SESSION, &SSL_SESSION_free> session(SSL_get1_session(first.tls()));
        RawClient second(address_);
        ASSERT_TRUE(second.start_tls(context.get(), session.get()));
        EXPECT_EQ(SSL_session_reused(second.tls()) == 1, resumes) << version << has_rsa_key;
        second.send(get("/"));
        EXPECT_EQ(second.receive().status, 200);
    }
}

TEST_F(TlsIdentityTest, ClosesAgainstASlowHandshake) {
    Limits limits;
    limits.request_deadline = 200ms;
    start_tls(nullptr, limits);
    RawClient client(address_);
    client.send("\x16\x03\x01");
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(log_.comes_to_hold("tls handshake failed remote=127.0.0.1 reason=took too long"));
}

TEST_F(TlsIdentityTest, RefusesRenegotiation) {
    start_tls();
    const crypto::SslContextHandle context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    RawClient client(address_);
    ASSERT_TRUE(client.start_tls(context.get()));
    SSL_renegotiate(client.tls());
    EXPECT_NE(SSL_do_handshake(client.tls()), 1);
}

TEST_F(TlsIdentityTest, ServesManyAtOnceAndStopsAmongThem) {
    start_tls();
    std::atomic<int> answered = 0;
    std::vector<std::jthread> clients;
    for (int count = 0; count < 8; ++count) {
        clients.emplace_back([&] {
            for (int connection = 0; connection < 5; ++connection) {
                RawClient client(address_);
                if (!client.start_tls(context_.get())) return;
                for (int request = 0; request < 20; ++request) {
                    client.send(get("/" + std::to_string(request)));
                    if (client.receive().body == "GET /" + std::to_string(request) + " ") {
                        ++answered;
                    }
                }
            }
        });
    }
    clients.clear();
    EXPECT_EQ(answered, 8 * 5 * 20);

    std::atomic<bool> over = false;
    for (int count = 0; count < 4; ++count) {
        clients.emplace_back([&] {
            while (!over) {
                try {
                    RawClient client(address_);
                    if (!client.start_tls(context_.get())) continue;
                    client.send(get("/"));
                    if (client.receive().status == 200) ++answered;
                } catch (const std::runtime_error&) {
                    return;
                }
            }
        });
    }
    const int before = answered;
    while (answered < before + 20) std::this_thread::yield();
    server_->stop(5s);
    over = true;
}

// TLS 1.2, in which a client is told in its own handshake that it is not wanted.
TEST_F(TlsIdentityTest, SpeaksWithTheClientsThatItDemandsAlone) {
    const auto client_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto client_pem = self_signed_pem(client_key, "client");
    const auto stranger_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    std::atomic<bool> is_meant = true;
    identity_->replace(self_signed_pem(key_, "first"), key_,
                       {.authority_pem = client_pem,
                        .accepts = [&](base::BytesView der) { return !der.empty() && is_meant; }});
    Server::Options options;
    options.tls = identity_;
    options.handler = [](Request request) -> base::Task<Response> {
        Response response;
        response.body = request.client_is_proved ? "proved" : "a stranger";
        co_return response;
    };
    start(std::move(options));
    const auto answer_to = [&](const crypto::PrivateKey* key, const std::string& pem) {
        const crypto::SslContextHandle context(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
        if (key != nullptr) net::use_identity(context.get(), pem, *key);
        RawClient client(address_);
        if (!client.start_tls(context.get())) return std::string("no handshake");
        client.send(get("/"));
        return client.receive().body;
    };
    EXPECT_EQ(answer_to(&client_key, client_pem), "proved");
    EXPECT_EQ(answer_to(nullptr, ""), "no handshake");
    EXPECT_EQ(answer_to(&stranger_key, self_signed_pem(stranger_key, "client")), "no handshake");
    is_meant = false;
    EXPECT_EQ(answer_to(&client_key, client_pem), "no handshake");
    // Without a demand everybody is a stranger.
    identity_->replace(self_signed_pem(key_, "first"), key_);
    EXPECT_EQ(answer_to(&client_key, client_pem), "a stranger");
}

}  // namespace
}  // namespace cairn::http::served_identity_test
