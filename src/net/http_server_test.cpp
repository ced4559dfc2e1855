#include "net/http_server.h"

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl.h"
#include "net/ascii.h"
#include "net/server_certificate_for_test.h"

namespace cairn::net {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Keeps its lines for the test.
class KeptLog final : public base::Log {
  public:
    void write(base::LogLevel, std::string_view event,
               std::initializer_list<base::LogField> fields) override {
        std::string line(event);
        for (const base::LogField& field : fields) {
            line.append(" ").append(field.name).append("=");
            if (const auto* text = std::get_if<std::string>(&field.value)) line += *text;
            if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
                line += std::to_string(*number);
            }
        }
        const std::scoped_lock lock(mutex_);
        lines_ += line + "\n";
    }
    void flush() override {}
    [[nodiscard]] std::string lines() const {
        const std::scoped_lock lock(mutex_);
        return lines_;
    }
    /// Waits until a line holds `text`.
    [[nodiscard]] bool comes_to_hold(std::string_view text) const {
        const auto end = steady_clock::now() + 10s;
        while (steady_clock::now() < end) {
            if (lines().contains(text)) return true;
            std::this_thread::yield();
        }
        return false;
    }

  private:
    mutable std::mutex mutex_;
    std::string lines_;
};

struct Reply {
    int status = 0;
    std::map<std::string, std::string> fields;  ///< names in lower case
    std::string body;
};

/// A client that sends exactly what the test says.
class RawClient {
  public:
    explicit RawClient(const std::string& address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const auto colon = address.rfind(':');
        sockaddr_in server{};
        server.sin_family = AF_INET;
        server.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
        ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &server.sin_addr);
        const timeval patience{20, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
            throw std::runtime_error("connect");
        }
    }
    ~RawClient() {
        tls_.reset();
        ::close(socket_);
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// Does a TLS handshake; false if it fails.
    [[nodiscard]] bool start_tls(SSL_CTX* context, SSL_SESSION* session = nullptr) {
        tls_.reset(SSL_new(context));
        SSL_set_fd(tls_.get(), socket_);
        if (session != nullptr) SSL_set_session(tls_.get(), session);
        return SSL_connect(tls_.get()) == 1;
    }
    [[nodiscard]] SSL* tls() { return tls_.get(); }

    void send(std::string_view text) {
        while (!text.empty()) {
            std::size_t sent = 0;
            if (tls_) {
                if (SSL_write_ex(tls_.get(), text.data(), text.size(), &sent) != 1) return;
            } else {
                const auto result = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
                if (result < 0) return;
                sent = static_cast<std::size_t>(result);
            }
            text.remove_prefix(sent);
        }
    }
    void end_sending() { ::shutdown(socket_, SHUT_WR); }

    /// The next response; status 0 if the server has closed. `head`: it has no body.
    [[nodiscard]] Reply receive(bool head = false) {
        Reply reply;
        while (!received_.contains("\r\n\r\n")) {
            if (!fill()) return reply;
        }
        const auto end = received_.find("\r\n\r\n");
        const std::string header = received_.substr(0, end + 2);
        received_.erase(0, end + 4);
        reply.status = std::stoi(header.substr(header.find(' ') + 1, 3));
        std::size_t at = header.find("\r\n") + 2;
        while (at < header.size()) {
            const auto line_end = header.find("\r\n", at);
            const auto colon = header.find(": ", at);
            reply.fields[ascii_lower(header.substr(at, colon - at))] =
                header.substr(colon + 2, line_end - colon - 2);
            at = line_end + 2;
        }
        if (head || reply.status == 204 || reply.status == 100) return reply;
        const auto length = static_cast<std::size_t>(std::stoul(reply.fields["content-length"]));
        while (received_.size() < length && fill()) {
        }
        reply.body = received_.substr(0, length);
        received_.erase(0, length);
        return reply;
    }
    /// True if the server closes and has sent nothing more.
    [[nodiscard]] bool closed() { return received_.empty() && !fill() && !timed_out_; }
    /// True if the server has neither closed nor sent anything yet.
    [[nodiscard]] bool quiet() const {
        pollfd event{socket_, POLLIN, 0};
        return received_.empty() && ::poll(&event, 1, 0) == 0;
    }

  private:
    bool fill() {
        char buffer[16384];
        if (tls_) {
            std::size_t got = 0;
            if (SSL_read_ex(tls_.get(), buffer, sizeof buffer, &got) != 1) return false;
            received_.append(buffer, got);
            return true;
        }
        const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
        if (got <= 0) {
            timed_out_ = got < 0 && errno == EAGAIN;
            return false;
        }
        received_.append(buffer, static_cast<std::size_t>(got));
        return true;
    }

    int socket_;
    crypto::SslHandle tls_;
    std::string received_;
    bool timed_out_ = false;
};

/// Says back what it was asked.
base::Task<HttpResponse> echo(HttpRequest request) {
    HttpResponse response;
    response.content_type = "text/plain";
    response.body = request.method + " " + request.target + " " + request.body;
    response.fields.emplace_back("X-Remote", request.remote_address);
    response.fields.emplace_back("X-Tls", request.over_tls ? "yes" : "no");
    response.log_account = "account-7";
    response.log_detail = "echoed";
    co_return response;
}

std::string get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

class HttpServerTest : public testing::Test {
  protected:
    void start(HttpServer::Options options) {
        if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
        server_ = std::make_unique<HttpServer>(loops_, log_, std::move(options));
        server_->start();
        address_ = server_->addresses().at(0);
    }
    void start_plain(HttpHandler handler = echo, HttpLimits limits = {}) {
        HttpServer::Options options;
        options.handler = std::move(handler);
        options.limits = limits;
        start(std::move(options));
    }

    KeptLog log_;
    EventLoops loops_{2};
    std::unique_ptr<HttpServer> server_;
    std::string address_;
};

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
    start_plain();
    RawClient client(address_);
    client.send(get("/a?b"));
    const Reply first = client.receive();
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.body, "GET /a?b ");
    EXPECT_EQ(first.fields.at("content-type"), "text/plain");
    EXPECT_EQ(first.fields.at("x-remote"), "127.0.0.1");
    EXPECT_EQ(first.fields.at("x-tls"), "no");
    EXPECT_THAT(first.fields.at("date"), testing::EndsWith(" GMT"));
    EXPECT_FALSE(first.fields.contains("connection"));
    EXPECT_FALSE(first.fields.contains("server"));

    client.send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    EXPECT_EQ(client.receive().body, "POST /p body");
    client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n");
    const Reply head = client.receive(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.fields.at("content-length"), "8");
    client.send("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const Reply last = client.receive();
    EXPECT_EQ(last.body, "GET /last ");
    EXPECT_EQ(last.fields.at("connection"), "close");
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
    start_plain();
    RawClient client(address_);
    std::string requests;
    for (int count = 0; count < 200; ++count) requests += get("/" + std::to_string(count));
    client.send(requests);
    for (int count = 0; count < 200; ++count) {
        ASSERT_EQ(client.receive().body, "GET /" + std::to_string(count) + " ");
    }
}

TEST_F(HttpServerTest, SpeaksHttp10) {
    start_plain();
    RawClient once(address_);
    once.send("GET /1 HTTP/1.0\r\n\r\n");
    const Reply reply = once.receive();
    EXPECT_EQ(reply.body, "GET /1 ");
    EXPECT_EQ(reply.fields.at("connection"), "close");
    EXPECT_TRUE(once.closed());
    RawClient kept(address_);
    for (int count = 0; count < 2; ++count) {
        kept.send("GET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_EQ(kept.receive().fields.at("connection"), "keep-alive");
    }
}

TEST_F(HttpServerTest, InvitesTheBody) {
    start_plain();
    RawClient client(address_);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.receive().status, 100);
    client.send("ok");
    EXPECT_EQ(client.receive().body, "POST / ok");
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n");
    EXPECT_EQ(client.receive().status, 413);
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServerTest, RefusesWithAProblemAndCloses) {
    start_plain([](HttpRequest) -> base::Task<HttpResponse> {
        throw std::logic_error("no refused request may come here");
    });
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
    const std::pair<std::string, int> cases[] = {
        {post + "Content-Length: 65537\r\n\r\n" + std::string(100000, 'x'), 413},
        {post + "Transfer-Encoding: chunked\r\n\r\n20000\r\n" + std::string(100000, 'x'), 413},
        {get("/" + std::string(17000, 'a')), 431},
        {post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
        {"GET / HTTP/1.1\nHost: a\n\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {post + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 415},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"\x16\x03\x01\x02\n", 400},
    };
    for (const auto& [wire, status] : cases) {
        RawClient client(address_);
        client.send(wire + get("/smuggled"));
        Reply reply = client.receive();
        EXPECT_EQ(reply.status, status) << wire.substr(0, 200);
        EXPECT_EQ(reply.fields["content-type"], "application/problem+json");
        EXPECT_EQ(reply.fields["connection"], "close");
        EXPECT_THAT(reply.body, StartsWith(R"({"type":"urn:ietf:params:acme:error:malformed")"));
        EXPECT_THAT(reply.body, HasSubstr("\"status\":" + std::to_string(status)));
        EXPECT_TRUE(client.closed());
    }
}

TEST_F(HttpServerTest, ClosesAgainstASlowSender) {
    HttpLimits limits;
    limits.request_deadline = 200ms;
    start_plain(echo, limits);
    RawClient slow(address_);
    slow.send("GET / HT");
    RawClient silent(address_);
    RawClient other(address_);
    other.send(get("/other"));
    EXPECT_EQ(other.receive().body, "GET /other ");
    const Reply reply = slow.receive();
    EXPECT_EQ(reply.status, 408);
    EXPECT_TRUE(slow.closed());
    other.send(get("/again"));
    EXPECT_EQ(other.receive().body, "GET /again ") << "the idle limit counts between requests";

    RawClient slow_body(address_);
    slow_body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    EXPECT_EQ(slow_body.receive().status, 408);
}

TEST_F(HttpServerTest, ClosesAnIdleConnection) {
    HttpLimits limits;
    limits.idle = 100ms;
    start_plain(echo, limits);
    RawClient client(address_);
    client.send(get("/"));
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServerTest, ClosesAgainstAReaderThatDoesNotRead) {
    HttpLimits limits;
    limits.write_deadline = 200ms;
    start_plain(
        [](HttpRequest) -> base::Task<HttpResponse> {
            HttpResponse response;
            response.body.assign(64U << 20U, 'x');
            co_return response;
        },
        limits);
    RawClient client(address_);
    client.send(get("/"));
    EXPECT_TRUE(log_.comes_to_hold("request id="));
    EXPECT_LT(client.receive().body.size(), 64U << 20U);
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServerTest, BoundsItsConnections) {
    HttpLimits limits;
    limits.connections = 2;
    start_plain(echo, limits);
    auto first = std::make_unique<RawClient>(address_);
    RawClient second(address_);
    for (RawClient* client : {first.get(), &second}) {
        client->send(get("/"));
        EXPECT_EQ(client->receive().status, 200);
    }
    RawClient third(address_);
    third.send(get("/"));
    EXPECT_TRUE(third.closed());
    EXPECT_THAT(log_.lines(), HasSubstr("connections_refused count=1"));
    first.reset();
    const auto end = steady_clock::now() + 10s;
    int status = 0;
    while (status == 0 && steady_clock::now() < end) {
        RawClient next(address_);
        next.send(get("/"));
        status = next.receive().status;
    }
    EXPECT_EQ(status, 200);
}

TEST_F(HttpServerTest, KeepsItsFailuresToItself) {
    start_plain([](HttpRequest request) -> base::Task<HttpResponse> {
        if (request.target == "/throw") throw std::runtime_error("the secret reason");
        if (request.target == "/int") throw 7;
        HttpResponse response;
        if (request.target == "/split") response.fields.emplace_back("X", "a\r\nY: b");
        co_return response;
    });
    RawClient client(address_);
    for (const char* target : {"/throw", "/int"}) {
        client.send(get(target));
        const Reply reply = client.receive();
        EXPECT_EQ(reply.status, 500);
        EXPECT_THAT(reply.body, HasSubstr("urn:ietf:params:acme:error:serverInternal"));
        EXPECT_THAT(reply.body, Not(HasSubstr("secret")));
        const auto id_at = reply.body.find("under request ") + 14;
        const auto id = reply.body.substr(id_at, reply.body.find('"', id_at) - id_at);
        EXPECT_THAT(log_.lines(), HasSubstr("request_failed id=" + id + " reason="));
    }
    EXPECT_THAT(log_.lines(), HasSubstr("reason=the secret reason"));
    client.send(get("/split"));
    EXPECT_TRUE(client.closed());
    EXPECT_THAT(log_.lines(), HasSubstr("response_with_control_characters"));
}

TEST_F(HttpServerTest, WritesAnAccessLog) {
    start_plain();
    RawClient client(address_);
    client.send(get("/logged?x=1"));
    EXPECT_EQ(client.receive().status, 200);
    ASSERT_TRUE(log_.comes_to_hold("request id="));
    EXPECT_THAT(log_.lines(), HasSubstr("remote=127.0.0.1 method=GET target=/logged?x=1 status=200 "
                                        "milliseconds= bytes=16 account=account-7 detail=echoed"));
}

TEST_F(HttpServerTest, AwaitsItsHandlersWithoutHoldingOthersUp) {
    std::atomic<bool> entered = false;
    std::atomic<bool> release = false;
    start_plain([&](HttpRequest request) -> base::Task<HttpResponse> {
        if (request.target == "/wait") {
            entered = true;
            while (!release) co_await base::sleep_for(1ms);
        }
        co_return HttpResponse{};
    });
    RawClient waiting(address_);
    waiting.send(get("/wait"));
    while (!entered) std::this_thread::yield();
    for (int count = 0; count < 4; ++count) {  // on both loops
        RawClient other(address_);
        other.send(get("/"));
        EXPECT_EQ(other.receive().status, 200);
    }
    EXPECT_TRUE(waiting.quiet());
    release = true;
    EXPECT_EQ(waiting.receive().status, 200);
}

TEST_F(HttpServerTest, FinishesWhatIsUnderWayWhenItStops) {
    std::atomic<bool> entered = false;
    std::atomic<bool> release = false;
    start_plain([&](HttpRequest request) -> base::Task<HttpResponse> {
        if (request.target == "/wait") {
            entered = true;
            while (!release) co_await base::sleep_for(1ms);
        }
        co_return HttpResponse{};
    });
    RawClient at_rest(address_);
    at_rest.send(get("/"));
    EXPECT_EQ(at_rest.receive().status, 200);
    RawClient fresh(address_);
    RawClient busy(address_);
    busy.send(get("/wait") + get("/next"));
    while (!entered) std::this_thread::yield();
    auto stopped = std::async(std::launch::async, [&] { server_->stop(20s); });
    EXPECT_TRUE(at_rest.closed());
    EXPECT_TRUE(fresh.closed());
    EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
    EXPECT_TRUE(busy.quiet());
    release = true;
    const Reply reply = busy.receive();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.fields.at("connection"), "close");
    EXPECT_TRUE(busy.closed());
    stopped.get();
    EXPECT_THROW(RawClient{address_}, std::runtime_error);
}

TEST_F(HttpServerTest, CancelsWhatDoesNotEnd) {
    std::atomic<bool> entered = false;
    start_plain([&](HttpRequest) -> base::Task<HttpResponse> {
        entered = true;
        co_await base::sleep_for(1h);
        co_return HttpResponse{};
    });
    RawClient client(address_);
    client.send(get("/"));
    while (!entered) std::this_thread::yield();
    server_->stop(10ms);
    EXPECT_TRUE(client.closed());
    EXPECT_THAT(log_.lines(), Not(HasSubstr("failed")));
}

TEST_F(HttpServerTest, NeedNotBeStarted) {
    HttpServer::Options options;
    options.listen = {"127.0.0.1:0", "[::1]:0"};
    options.handler = echo;
    const HttpServer server(loops_, log_, options);
    ASSERT_EQ(server.addresses().size(), 2U);
    EXPECT_THAT(server.addresses()[1], StartsWith("[::1]:"));

    options.listen = {server.addresses()[0]};
    try {
        const HttpServer second(loops_, log_, options);
        FAIL() << "two servers on one address";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr(options.listen[0]));
    }
    options.listen = {"localhost:80"};
    EXPECT_THROW(HttpServer(loops_, log_, options), std::runtime_error);
}

class HttpsServerTest : public HttpServerTest {
  protected:
    HttpsServerTest() : context_(SSL_CTX_new(TLS_client_method())) {
        identity_->replace(self_signed_pem(key_, "first"), key_);
    }
    void start_tls(HttpHandler plain_handler = nullptr, HttpLimits limits = {}) {
        HttpServer::Options options;
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
    std::shared_ptr<TlsIdentity> identity_ = std::make_shared<TlsIdentity>();
    crypto::SslContextHandle context_;
};

TEST_F(HttpsServerTest, AnswersOverTls) {
    start_tls();
    RawClient client(address_);
    ASSERT_TRUE(client.start_tls(context_.get()));
    EXPECT_EQ(server_name(client.tls()), "first");
    for (int count = 0; count < 3; ++count) {
        client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" +
                    std::string(60000, 'b'));
        const Reply reply = client.receive();
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

TEST_F(HttpsServerTest, AnswersPlainHttpThroughItsOwnHandlerAlone) {
    start_tls([](HttpRequest request) -> base::Task<HttpResponse> {
        HttpResponse response;
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

TEST_F(HttpsServerTest, RefusesPlainHttpWithoutSuchAHandler) {
    start_tls();
    RawClient plain(address_);
    plain.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    const Reply reply = plain.receive();
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr("https"));
    EXPECT_TRUE(plain.closed());
}

TEST_F(HttpsServerTest, SpeaksTls12AndNewerOnly) {
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

TEST_F(HttpsServerTest, AgreesOnHttp11OrNothing) {
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

TEST_F(HttpsServerTest, ReplacesItsCertificateWhileItServes) {
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

TEST_F(HttpsServerTest, ResumesSessions) {
    start_tls();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
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
        EXPECT_EQ(SSL_session_reused(second.tls()), 1) << version;
        second.send(get("/"));
        EXPECT_EQ(second.receive().status, 200);
    }
}

TEST_F(HttpsServerTest, ClosesAgainstASlowHandshake) {
    HttpLimits limits;
    limits.request_deadline = 200ms;
    start_tls(nullptr, limits);
    RawClient client(address_);
    client.send("\x16\x03\x01");
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(log_.comes_to_hold("tls_handshake_failed remote=127.0.0.1 reason=took too long"));
}

TEST_F(HttpsServerTest, RefusesRenegotiation) {
    start_tls();
    const crypto::SslContextHandle context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    RawClient client(address_);
    ASSERT_TRUE(client.start_tls(context.get()));
    SSL_renegotiate(client.tls());
    EXPECT_NE(SSL_do_handshake(client.tls()), 1);
}

TEST_F(HttpsServerTest, ServesManyAtOnceAndStopsAmongThem) {
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

}  // namespace
}  // namespace cairn::net
