#pragma once
// For the tests of client.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "client/durable_file.h"
#include "client/testing/issuer.h"
#include "client/testing/temporary_folder.h"
#include "http/server.h"

namespace cairn::client::testing {

/// An HTTPS server on loopback that answers as a test says, and remembers what it was asked.
class ScriptedServer {
  public:
    using Answer = std::function<http::Response(const http::Request&)>;

    explicit ScriptedServer(Answer answer) : answer_(std::move(answer)) {
        Issuer issuer;
        const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        pki::SubjectNames localhost;
        localhost.ip_addresses.push_back(base::IpAddress::from_text("127.0.0.1").value());
        tls_->replace(pki::to_pem(issuer.issue(key.public_key(), localhost)), key);
        write_durably(root_file(), issuer.root().pem(), FileAccess::owner);
        http::Server::Options options;
        options.listen = {"127.0.0.1:0"};
        options.tls = tls_;
        options.access_log = false;
        options.handler = [this](http::Request request) { return respond(std::move(request)); };
        server_ = std::make_unique<http::Server>(loops_, *log_, std::move(options));
        server_->start();
    }

    [[nodiscard]] std::filesystem::path root_file() const { return folder_ / "root.pem"; }
    [[nodiscard]] std::string url(const std::string& path) const {
        return "https://" + server_->addresses().front() + path;
    }
    [[nodiscard]] std::vector<http::Request> requests() const {
        const std::scoped_lock lock(mutex_);
        return requests_;
    }
    /// How many requests there were for this path.
    [[nodiscard]] std::size_t count(std::string_view path) const {
        const std::scoped_lock lock(mutex_);
        std::size_t count = 0;
        for (const auto& request : requests_) count += request.path() == path ? 1U : 0U;
        return count;
    }

  private:
    base::Task<http::Response> respond(http::Request request) {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(request);
        co_return answer_(request);
    }

    TemporaryFolder folder_;
    Answer answer_;
    mutable std::mutex mutex_;
    std::vector<http::Request> requests_;
    std::shared_ptr<net::TlsIdentity> tls_ = std::make_shared<net::TlsIdentity>();
    std::unique_ptr<base::Log> log_ = base::silent_log();
    net::EventLoops loops_{1};
    std::unique_ptr<http::Server> server_;
};

/// A response with these parts.
inline http::Response response(int status, std::string body = {},
                               decltype(http::Response::fields) fields = {}) {
    http::Response result;
    result.status = status;
    result.content_type = status < 400 ? "application/json" : "application/problem+json";
    result.body = std::move(body);
    result.fields = std::move(fields);
    return result;
}

}  // namespace cairn::client::testing
