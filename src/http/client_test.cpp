#include "http/client.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server.h"
#include "http/testing/server_certificate.h"

namespace cairn::http::client_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

base::Task<Response> answer(Request request) {
    Response response;
    if (request.path() == "/large") response.body.assign(100000, 'x');
    if (request.path() == "/fields") {
        response.fields = {{"Link", "<a>;rel=\"up\""}, {"Replay-Nonce", "n"}, {"LINK", "<b>"}};
    }
    if (request.path() == "/many") {
        for (int count = 0; count < 300; ++count) response.fields.emplace_back("X", "y");
    }
    if (request.path() == "/redirect") {
        response.status = 302;
        response.fields = {{"Location", "https://elsewhere.example/"}};
    }
    if (request.path() == "/slow") co_await base::sleep_for(base::Milliseconds(5000));
    if (request.path() == "/echo") {
        response.status = 201;
        response.content_type = "text/plain";
        response.body = request.method + " " + std::string(request.field("Content-Type")) + " " +
                        request.body + " " + std::string(request.field("User-Agent"));
    }
    co_return response;
}

class HttpClientTest : public ::testing::Test {
  protected:
    HttpClientTest()
        : folder_(std::filesystem::temp_directory_path() /
                  ("cairn-http-client-" + std::to_string(::getpid()))) {
        // The exchanges here are with this machine, whatever proxy it uses for others.
        for (const char* name :
             {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"}) {
            ::unsetenv(name);
        }
        std::filesystem::create_directory(folder_);
        const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        const std::string pem = self_signed_pem(key, "localhost");
        std::ofstream(root_file()) << pem;
        Server::Options options;
        options.listen = {"127.0.0.1:0"};
        options.tls = std::make_shared<net::TlsIdentity>();
        options.tls->replace(pem, key);
        options.handler = answer;
        options.plain_handler = answer;
        server_ = std::make_unique<Server>(loops_, *log_, std::move(options));
        server_->start();
        const std::string address = server_->addresses().at(0);
        port_ = address.substr(address.rfind(':'));
    }
    ~HttpClientTest() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string root_file() const { return (folder_ / "root.pem").string(); }
    [[nodiscard]] std::string url(const std::string& path) const {
        return "https://localhost" + port_ + path;
    }
    [[nodiscard]] ClientOptions options() const {
        ClientOptions options;
        options.user_agent = "cairn-test/1";
        options.root_file = root_file();
        return options;
    }

    std::filesystem::path folder_;
    std::unique_ptr<base::Log> log_ = base::silent_log();
    net::EventLoops loops_{1};
    std::unique_ptr<Server> server_;
    std::string port_;
};

TEST_F(HttpClientTest, ExchangesOverVerifiedTls) {
    Client client(options());
    const auto got = client.get(url("/echo"));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->status, 201);
    EXPECT_EQ(got->body, "GET   cairn-test/1");
    EXPECT_EQ(got->field("content-type"), "text/plain");
    EXPECT_EQ(got->field("absent"), "");

    const auto posted = client.post(url("/echo"), "application/jose+json", "{\"a\":1}");
    ASSERT_TRUE(posted) << posted.error().message;
    EXPECT_EQ(posted->body, "POST application/jose+json {\"a\":1} cairn-test/1");
    const auto empty = client.post(url("/echo"), "application/jose+json", "");
    ASSERT_TRUE(empty) << empty.error().message;
    EXPECT_THAT(empty->body, StartsWith("POST application/jose+json  "));

    const auto head = client.head(url("/echo"));
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->status, 201);
    EXPECT_EQ(head->body, "");
    EXPECT_EQ(client.get(url("/echo"))->body, "GET   cairn-test/1") << "after HEAD and POST";

    Client moved = std::move(client);
    EXPECT_TRUE(moved.get(url("/")));
}

TEST_F(HttpClientTest, ConnectsWhereItIsTold) {
    ::setenv("https_proxy", "http://127.0.0.1:1", 1);
    auto looking = options();
    looking.server_proof = ServerProof::none;
    looking.allow_plain_http = true;
    Client client(looking);
    const auto place = net::SocketAddress::from_text("127.0.0.1" + port_).value();
    for (const char* name : {"http://no-such-name.invalid/echo", "https://no-such-name.invalid:8/"})
        EXPECT_TRUE(client.exchange({.url = name, .connect_to = place})) << name;
    EXPECT_FALSE(client.get("https://no-such-name.invalid/")) << "the place was kept";
    ::unsetenv("https_proxy");

    Client careful(options());
    const auto reply =
        careful.exchange({.url = "https://no-such-name.invalid/", .connect_to = place});
    ASSERT_FALSE(reply) << "the certificate is for localhost";
    EXPECT_EQ(reply.error().kind, ExchangeError::Kind::not_trusted) << reply.error().message;
}

TEST_F(HttpClientTest, KeepsEveryField) {
    Client client(options());
    const auto reply = client.get(url("/fields"));
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_THAT(reply->all_fields("link"), ElementsAre("<a>;rel=\"up\"", "<b>"));
    EXPECT_EQ(reply->field("replay-nonce"), "n");
}

TEST_F(HttpClientTest, TellsAServerThatIsNotThereFromOneThatSpeaks) {
    auto limited = options();
    limited.max_body = 3;
    Client client(limited);
    EXPECT_FALSE(client.get(url("/echo")));
    EXPECT_FALSE(client.was_unanswered()) << "too large";
    EXPECT_FALSE(client.get("https://no-such-name.invalid/"));
    EXPECT_TRUE(client.was_unanswered());
    EXPECT_FALSE(client.was_refused());
    // A port that is bound and not listened at refuses.
    const int holder = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(holder, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::getsockname(holder, reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_FALSE(client.get("https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/"));
    EXPECT_TRUE(client.was_unanswered());
    EXPECT_TRUE(client.was_refused());
    ::close(holder);
}

TEST_F(HttpClientTest, FollowsNoRedirect) {
    Client client(options());
    const auto reply = client.get(url("/redirect"));
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 302);
    EXPECT_EQ(reply->field("location"), "https://elsewhere.example/");
}

// Check 206.
TEST_F(HttpClientTest, BoundsWhatItTakes) {
    auto small = options();
    small.max_body = 99999;
    Client client(small);
    const auto large = client.get(url("/large"));
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().message,
              "GET " + url("/large") + ": the answer's body is larger than 99999 octets");
    const auto many = client.get(url("/many"));
    ASSERT_FALSE(many);
    EXPECT_THAT(many.error().message, HasSubstr("the answer's header is too large"));
    EXPECT_TRUE(client.get(url("/"))) << "the client is good for the next exchange";

    small.max_body = 100000;
    EXPECT_EQ(Client(small).get(url("/large"))->body.size(), 100000U);
}

TEST_F(HttpClientTest, GivesUpAtItsDeadline) {
    auto hasty = options();
    hasty.timeout = base::Milliseconds(200);
    const auto reply = Client(hasty).get(url("/slow"));
    ASSERT_FALSE(reply);
    EXPECT_THAT(reply.error().message, HasSubstr("no complete answer in time"));
}

// Check 196.
TEST_F(HttpClientTest, TrustsTheGivenRootAloneAndChecksTheName) {
    auto system = options();
    system.root_file.clear();
    const auto untrusted = Client(system).get(url("/"));
    ASSERT_FALSE(untrusted);
    EXPECT_THAT(untrusted.error().message, HasSubstr("not trusted"));

    Client client(options());
    const auto misnamed = client.get("https://127.0.0.1" + port_ + "/");
    ASSERT_FALSE(misnamed);
    EXPECT_THAT(misnamed.error().message, HasSubstr("not trusted"));

    auto missing = options();
    missing.root_file = "/nowhere/root.pem";
    const auto no_file = Client(missing).get(url("/"));
    ASSERT_FALSE(no_file);
    EXPECT_THAT(no_file.error().message, HasSubstr("/nowhere/root.pem cannot be read"));
}

TEST_F(HttpClientTest, SpeaksPlainHttpOnlyIfAllowed) {
    const std::string plain = "http://localhost" + port_ + "/echo";
    const auto refused = Client(options()).get(plain);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("only https"));
    auto lax = options();
    lax.allow_plain_http = true;
    const auto reply = Client(lax).get(plain);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 201);
    EXPECT_FALSE(Client(lax).get("file:///etc/passwd"));
    EXPECT_FALSE(Client(lax).get("not a url"));
}

TEST_F(HttpClientTest, SaysWhatCameOfIt) {
    Client client(options());
    const auto unknown = client.get("https://name.invalid/directory");
    ASSERT_FALSE(unknown);
    EXPECT_THAT(
        unknown.error().message,
        StartsWith("GET https://name.invalid/directory: the name name.invalid was not found"));
    server_->stop(base::Milliseconds(0));
    const auto closed = client.get(url("/"));
    ASSERT_FALSE(closed);
    EXPECT_THAT(closed.error().message, HasSubstr("no connection to localhost" + port_));
}

}  // namespace
}  // namespace cairn::http::client_test
