#pragma once
// Private to the tests of http: a server to test, and what it logs.

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "http/server.h"
#include "http/testing/kept_log.h"
#include "http/testing/raw_client.h"

namespace cairn::http {

/// Says back what it was asked.
inline base::Task<Response> echo(Request request) {
    Response response;
    response.content_type = "text/plain";
    response.body = request.method + " " + request.target + " " + request.body;
    response.fields.emplace_back("X-Remote", request.remote_address);
    response.fields.emplace_back("X-Tls", request.over_tls ? "yes" : "no");
    response.log_account = "account-7";
    response.log_detail = "echoed";
    co_return response;
}

/// A request for `target` without more.
inline std::string get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

/// A server on two loops, and what it logs.
class ServerTest : public testing::Test {
  public:
    explicit ServerTest(std::size_t loops = 2) : loops_(loops) {}

  protected:
    void start(Server::Options options) {
        if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
        server_ = std::make_unique<Server>(loops_, log_, std::move(options));
        server_->start();
        address_ = server_->addresses().at(0);
    }
    void start_plain(Handler handler = echo, Limits limits = {}) {
        Server::Options options;
        options.handler = std::move(handler);
        options.limits = limits;
        start(std::move(options));
    }

    KeptLog log_;
    net::EventLoops loops_;
    std::unique_ptr<Server> server_;
    std::string address_;
};

}  // namespace cairn::http
