// What both clients have in common: what they send, what they take, whom they trust.

#include "http/exchange.h"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server.h"
#include "http/testing/client_fixture.h"

namespace cairn::http::exchange_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = ExchangeError::Kind;

enum class Way { blocking, event_loop };

std::string said_back(const Request& request) {
    std::string text = request.method + " " + request.target + " [" + request.body + "]";
    for (const auto& [name, value] : request.fields)
        if (name != "Host") text += " " + name + "=" + value;
    return text;
}

base::Task<Response> answer(Request request) {
    Response response;
    response.content_type = "text/plain";
    response.body = said_back(request);
    if (request.path() == "/circle") {
        response.status = 302;
        response.fields = {{"Location", "/circle"}};
    }
    if (request.path() == "/moved") {
        response.status = 303;
        response.fields = {{"Location", "here?q"}};
    }
    co_return response;
}

class ExchangeTest : public ClientTest, public ::testing::WithParamInterface<Way> {
  protected:
    ExchangeResult ask(ClientRequest request, ClientOptions options) {
        if (GetParam() == Way::blocking)
            return Client(std::move(options)).exchange(std::move(request));
        AsyncClient client(loops_.executor(0), std::move(options));
        return start(client, std::move(request)).get();
    }
    ExchangeResult ask(ClientRequest request) { return ask(std::move(request), options()); }
    /// A GET to a server that has this script, over TLS with this certificate.
    ExchangeResult get_from(const RawServer::Script& script, ClientOptions options,
                            const std::string& host = "localhost") {
        const auto context = server_context(pem_);
        const RawServer server(script, context.get());
        return ask({.url = "https://" + host + server.port() + "/x"}, std::move(options));
    }
    ExchangeResult get_from(const RawServer::Script& script) { return get_from(script, options()); }
    /// The same of a server that sends this once it was asked, and leaves.
    ExchangeResult get_text(const std::string& text) {
        return get_from([&](RawPeer& peer) {
            peer.receive_header();
            peer.send(text);
        });
    }
    /// Our own server; "https://localhost:PORT".
    std::string start_server() {
        Server::Options server_options;
        server_options.listen = {"127.0.0.1:0"};
        server_options.tls = std::make_shared<net::TlsIdentity>();
        server_options.tls->replace(pem_, key_);
        server_options.handler = answer;
        server_ = std::make_unique<Server>(loops_, *log_, std::move(server_options));
        server_->start();
        const std::string address = server_->addresses().at(0);
        return "https://localhost" + address.substr(address.rfind(':'));
    }

    std::unique_ptr<base::Log> log_ = base::silent_log();
    std::unique_ptr<Server> server_;
};

INSTANTIATE_TEST_SUITE_P(Clients, ExchangeTest, ::testing::Values(Way::blocking, Way::event_loop),
                         [](const auto& way) {
                             return way.param == Way::blocking ? "Blocking" : "EventLoop";
                         });

TEST_P(ExchangeTest, SendsMethodFieldsAndBodyAsTheyAre) {
    const auto origin = start_server();
    auto common = options();
    common.fields = {{"Accept", "text/plain"}};
    const struct {
        ClientRequest request;
        std::string seen;
    } rows[] = {
        {{.url = origin + "/a?b"}, "GET /a?b [] User-Agent=cairn-test/1 Accept=text/plain"},
        {{.method = "PUT",
          .url = origin + "/",
          .fields = {{"X-Key", "a: b;c"}, {"x-empty", ""}, {"Content-Type", "application/json"}},
          .body = "{}"},
         "PUT / [{}] User-Agent=cairn-test/1 Accept=text/plain X-Key=a: b;c x-empty= "
         "Content-Type=application/json Content-Length=2"},
        {{.method = "POST", .url = origin + "/"},
         "POST / [] User-Agent=cairn-test/1 Accept=text/plain Content-Length=0"},
        {{.method = "PATCH", .url = origin + "/", .body = std::string("a\0b", 3)},
         "PATCH / [" + std::string("a\0b", 3) +
             "] User-Agent=cairn-test/1 Accept=text/plain Content-Length=3"},
        {{.method = "DELETE", .url = origin + "/z"},
         "DELETE /z [] User-Agent=cairn-test/1 Accept=text/plain"},
        {{.method = "DELETE", .url = origin + "/z", .body = "why"},
         "DELETE /z [why] User-Agent=cairn-test/1 Accept=text/plain Content-Length=3"},
        {{.method = "OPTIONS", .url = origin + "/"},
         "OPTIONS / [] User-Agent=cairn-test/1 Accept=text/plain"},
        {{.method = "PROPFIND", .url = origin + "/../a"},
         "PROPFIND /../a [] User-Agent=cairn-test/1 Accept=text/plain"},
    };
    for (const auto& row : rows) {
        const auto reply = ask(row.request, common);
        ASSERT_TRUE(reply) << reply.error().message;
        EXPECT_EQ(reply->body, row.seen);
    }
    const auto head = ask({.method = "HEAD", .url = origin + "/"}, common);
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->body, "");
    EXPECT_EQ(head->field("content-type"), "text/plain");
}

TEST_P(ExchangeTest, RefusesWhatCannotBeSent) {
    const std::pair<ClientRequest, const char*> rows[] = {
        {{.method = "", .url = "https://a.test/"}, "method is not a token"},
        {{.method = "GET /\r\nX:", .url = "https://a.test/"}, "method is not a token"},
        {{.method = "HEAD", .url = "https://a.test/", .body = "x"}, "HEAD has no body"},
        {{.url = "https://a.test/", .fields = {{"X Y", "z"}}}, "name is not a token"},
        {{.url = "https://a.test/", .fields = {{"", "z"}}}, "name is not a token"},
        {{.url = "https://a.test/", .fields = {{"X", "y\r\nZ: z"}}}, "control character"},
        {{.url = "https://a.test/", .fields = {{"X", std::string("y\0z", 3)}}},
         "control character"},
        {{.url = "https://a.test/", .fields = {{"host", "b.test"}}}, "client's own"},
        {{.url = "https://a.test/", .fields = {{"Content-length", "3"}}}, "client's own"},
        {{.url = "https://a.test/", .fields = {{"Transfer-Encoding", "chunked"}}}, "client's own"},
        {{.url = "http://a.test/"}, "only https"},
        {{.url = "file:///etc/passwd"}, ""},
        {{.url = "/relative"}, ""},
    };
    for (const auto& [request, reason] : rows) {
        const auto result = ask(request);
        ASSERT_FALSE(result) << reason;
        EXPECT_EQ(result.error().kind, Kind::bad_request) << result.error().message;
        EXPECT_THAT(result.error().message, HasSubstr(reason));
        EXPECT_THAT(result.error().message, Not(HasSubstr("\n")));
    }
}

TEST_P(ExchangeTest, FollowsRedirectsAsFarAsItIsAsked) {
    const auto origin = start_server();
    const ClientRequest request{
        .method = "POST", .url = origin + "/moved", .fields = {{"X-Key", "k"}}, .body = "b"};
    EXPECT_EQ(ask(request)->status, 303);
    auto following = options();
    following.max_redirects = 2;
    const auto reply = ask(request, following);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->body, "GET /here?q [] User-Agent=cairn-test/1 Accept=*/* X-Key=k");
    const auto circle = ask({.url = origin + "/circle"}, following);
    ASSERT_FALSE(circle);
    EXPECT_EQ(circle.error().kind, Kind::bad_redirect);
}

TEST_P(ExchangeTest, TakesInterimResponsesAndTrailersForWhatTheyAre) {
    const auto reply = get_text(
        "HTTP/1.1 103 Early Hints\r\nLink: <early>\r\n\r\n"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: 1\r\nTrailer: B\r\n\r\n"
        "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nB: 2\r\n\r\n");
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->body, "abcde");
    EXPECT_EQ(reply->field("a"), "1");
    EXPECT_EQ(reply->field("link"), "");
    EXPECT_EQ(reply->field("b"), "");
    const auto empty =
        get_text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: 1\r\n\r\n0\r\nB: 2\r\n\r\n");
    ASSERT_TRUE(empty) << empty.error().message;
    EXPECT_EQ(empty->field("a"), "1");
    EXPECT_EQ(empty->field("b"), "");
}

TEST_P(ExchangeTest, RefusesWhatIsNotHttp) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    const std::string texts[] = {
        "",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        ok + "Content-Length: 10\r\n\r\nshort",
        ok + "Content-Length: -5\r\n\r\nshort",
        ok + "Content-Length: 5x\r\n\r\nshort",
        ok + "Content-Length: 5\r\nContent-Length: 4\r\n\r\nshort",
        ok + std::string("X: a\0b\r\nContent-Length: 0\r\n\r\n", 29),
        ok + "Content-Le",
        chunked,
        chunked + "5\r\nhel",
        chunked + "zz\r\nhello\r\n0\r\n\r\n",
        chunked + "fffffffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        chunked + "3\r\nabcXX0\r\n\r\n",
        chunked + "3\r\nabc\r\n",
    };
    for (const auto& text : texts) {
        const auto result = get_text(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().kind, Kind::broken) << text << result.error().message;
        EXPECT_THAT(result.error().message, HasSubstr("GET https://localhost"));
    }
}

TEST_P(ExchangeTest, TakesNoBodyThatTlsDoesNotEnd) {
    const auto result = get_from([](RawPeer& peer) {
        peer.receive_header();
        peer.send("HTTP/1.1 200 OK\r\n\r\nno length, and");
        peer.cut();
    });
    ASSERT_FALSE(result) << result->body;
    EXPECT_EQ(result.error().kind, Kind::broken);
    // Later versions of libcurl find it by themselves.
    EXPECT_THAT(result.error().message, ::testing::AnyOf(HasSubstr("does not say where it ends"),
                                                         HasSubstr("unexpected eof")));
}

TEST_P(ExchangeTest, BoundsWhatItTakes) {
    const struct {
        std::string first, repeated;
        const char* reason;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", std::string(1000, 'x'), "body is larger than 5000 octets"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", std::string(1000, 'x'),
         "body is larger"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n", "body is larger"},
        {"HTTP/1.1 200 OK\r\n", "X: " + std::string(1000, 'y') + "\r\n", "header is too large"},
        {"HTTP/1.1 200 OK\r\n", "X: y\r\n", "header is too large"},
        {"", "HTTP/1.1 100 Continue\r\n\r\n", "header is too large"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "X: y\r\n",
         "header is too large"},
    };
    for (const auto& row : rows) {
        auto small = options();
        small.max_body = 5000;
        small.max_header = 20000;
        const auto result = get_from(
            [&](RawPeer& peer) {
                peer.receive_header();
                bool goes_on = peer.send(row.first.empty() ? row.repeated : row.first);
                while (goes_on) goes_on = peer.send(row.repeated);
            },
            small);
        ASSERT_FALSE(result) << row.first << row.repeated;
        EXPECT_EQ(result.error().kind, Kind::too_large) << row.first << row.repeated;
        EXPECT_THAT(result.error().message, HasSubstr(row.reason));
    }
    auto exact = options();
    exact.max_body = 5;
    const auto fits = get_from(
        [](RawPeer& peer) {
            peer.receive_header();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345");
        },
        exact);
    ASSERT_TRUE(fits) << fits.error().message;
}

TEST_P(ExchangeTest, GivesUpOnWhoStalls) {
    const auto send_and_stall = [](const std::string& text) {
        return [text](RawPeer& peer) {
            peer.receive_header();
            if (!text.empty()) peer.send(text);
            peer.stall();
        };
    };
    auto hasty = options();
    hasty.timeout = 300ms;
    for (const std::string text : {"", "HTTP/1.", "HTTP/1.1 200 OK\r\nX: y\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"}) {
        const auto result = get_from(send_and_stall(text), hasty);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().kind, Kind::timed_out) << result.error().message;
        EXPECT_THAT(result.error().message, HasSubstr("no complete answer in time"));
    }
    const auto dripping = get_from(
        [](RawPeer& peer) {
            peer.receive_header();
            peer.send("HTTP/1.1 200 OK\r\n\r\n");
            while (peer.send("x")) std::this_thread::sleep_for(20ms);
        },
        hasty);
    ASSERT_FALSE(dripping);
    EXPECT_EQ(dripping.error().kind, Kind::timed_out);

    const RawServer silent([](RawPeer& peer) { peer.stall(); });  // no handshake
    const auto no_tls = ask({.url = "https://localhost" + silent.port() + "/"}, hasty);
    ASSERT_FALSE(no_tls);
    EXPECT_EQ(no_tls.error().kind, Kind::timed_out) << no_tls.error().message;

    // The time is one for all redirects together.
    auto following = hasty;
    following.max_redirects = 100;
    const auto circle = get_from(
        [](RawPeer& peer) {
            while (!peer.receive_header().empty()) {
                std::this_thread::sleep_for(50ms);
                peer.send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
            }
        },
        following);
    ASSERT_FALSE(circle);
    EXPECT_EQ(circle.error().kind, Kind::timed_out) << circle.error().message;
}

TEST_P(ExchangeTest, TrustsWhomItIsToldTo) {
    const auto ok = [](RawPeer& peer) {
        peer.receive_header();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    };
    const auto good = get_from(ok);
    ASSERT_TRUE(good) << good.error().message;

    auto system = options();
    system.root_file.clear();
    const auto unknown = get_from(ok, system);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, Kind::not_trusted);
    EXPECT_THAT(unknown.error().message, HasSubstr("is not trusted"));

    const struct {
        CertificateTerms terms;
        std::string host;
        bool is_trusted;
    } rows[] = {
        {{}, "127.0.0.1", false},
        {{.alternative_names = "IP:127.0.0.1"}, "127.0.0.1", true},
        {{.alternative_names = "IP:127.0.0.2"}, "127.0.0.1", false},
        {{.alternative_names = "DNS:127.0.0.1"}, "127.0.0.1", false},
        {{.alternative_names = "IP:127.0.0.1"}, "localhost", false},
        {{.alternative_names = "DNS:other.test"}, "localhost", false},
        {{.alternative_names = "DNS:local*"}, "localhost", false},
        {{.alternative_names = {}, .end = -60}, "localhost", false},
    };
    for (const auto& row : rows) {
        pem_ = self_signed_pem(key_, "localhost", row.terms);
        trust(pem_);
        const auto result = get_from(ok, options(), row.host);
        EXPECT_EQ(result.has_value(), row.is_trusted) << row.terms.alternative_names << row.host;
        if (!result) {
            EXPECT_EQ(result.error().kind, Kind::not_trusted) << result.error().message;
        }
    }
}

TEST_P(ExchangeTest, SaysWhatCameOfIt) {
    const auto unknown = ask({.url = "https://name.invalid/x"});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, Kind::no_such_host);
    EXPECT_THAT(unknown.error().message,
                HasSubstr("GET https://name.invalid/x: the name name.invalid was not found"));

    std::string port;
    {
        port = RawServer([](RawPeer&) {}).port();
    }
    const auto refused = ask({.url = "https://localhost" + port + "/"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::refused) << refused.error().message;
    EXPECT_THAT(refused.error().message, HasSubstr("no connection to localhost" + port));

    const RawServer plain([](RawPeer& peer) { peer.send("HTTP/1.1 400 Bad\r\n\r\n"); });
    const auto no_tls = ask({.url = "https://localhost" + plain.port() + "/"});
    ASSERT_FALSE(no_tls);
    EXPECT_EQ(no_tls.error().kind, Kind::broken) << no_tls.error().message;

    auto missing = options();
    missing.root_file = "/nowhere/root.pem";
    const auto no_file = get_from([](RawPeer&) {}, missing);
    ASSERT_FALSE(no_file);
    EXPECT_EQ(no_file.error().kind, Kind::bad_request);
    EXPECT_THAT(no_file.error().message, HasSubstr("/nowhere/root.pem cannot be read"));
}

TEST_P(ExchangeTest, ShowsItsCertificateToWhoAsks) {
    const auto context = server_context(pem_);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       [](int, X509_STORE_CTX*) { return 1; });
    const RawServer server(
        [](RawPeer& peer) {
            if (peer.receive_header().empty()) return;
            const crypto::X509Handle certificate(SSL_get1_peer_certificate(peer.tls()));
            char name[64] = "";
            X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName,
                                      name, sizeof name);
            peer.send("HTTP/1.1 200 OK\r\nX-Client: " + std::string(name) +
                      "\r\nContent-Length: 0\r\n\r\n");
        },
        context.get());
    const ClientRequest request{.url = "https://localhost" + server.port() + "/"};
    auto known = options();
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    known.identity = ClientIdentity{.chain_pem = self_signed_pem(key, "node-1"), .key = key};
    const auto reply = ask(request, known);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->field("x-client"), "node-1");

    const auto nobody = ask(request);
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().kind, Kind::broken) << nobody.error().message;

    known.identity->key = key_;
    const auto mixed_up = ask(request, known);
    ASSERT_FALSE(mixed_up);
    EXPECT_EQ(mixed_up.error().kind, Kind::bad_request);
    EXPECT_THAT(mixed_up.error().message, HasSubstr("own certificate cannot be used"));
}

}  // namespace
}  // namespace cairn::http::exchange_test
