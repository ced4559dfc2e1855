#pragma once
// Private to the tests of http: what the tests of both clients stand on.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <unistd.h>

#include <gtest/gtest.h>

#include "http/async_client.h"
#include "http/client.h"
#include "http/testing/raw_server.h"
#include "http/testing/server_certificate.h"
#include "net/event_loops.h"
#include "net/tls_identity_state.h"

namespace cairn::http {

/// A root of trust in a file, for "localhost", and servers that have its key.
class ClientTest : public testing::Test {
  protected:
    ClientTest() {
        // The exchanges here are with this machine, whatever proxy it uses for others.
        for (const char* name :
             {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"}) {
            ::unsetenv(name);
        }
        std::string pattern =
            (std::filesystem::temp_directory_path() / "http_test.XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        folder_ = pattern;
        trust(pem_);
    }
    ~ClientTest() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string root_file() const { return (folder_ / "root.pem").string(); }
    void trust(const std::string& pem) const { std::ofstream(root_file()) << pem; }
    [[nodiscard]] ClientOptions options() const {
        ClientOptions options;
        options.user_agent = "cairn-test/1";
        options.root_file = root_file();
        options.timeout = std::chrono::seconds(15);
        return options;
    }
    /// A server's end of TLS with this certificate.
    [[nodiscard]] crypto::SslContextHandle server_context(const std::string& pem) const {
        crypto::SslContextHandle context(SSL_CTX_new(TLS_server_method()));
        net::use_identity(context.get(), pem, key_);
        return context;
    }
    /// The exchange on an event loop.
    [[nodiscard]] std::future<ExchangeResult> start(AsyncClient& client, ClientRequest request,
                                                    std::size_t loop = 0) {
        return boost::asio::co_spawn(loops_.executor(loop), client.exchange(std::move(request)),
                                     boost::asio::use_future);
    }

    std::filesystem::path folder_;
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    std::string pem_ = self_signed_pem(key_, "localhost");
    net::EventLoops loops_{2};
};

}  // namespace cairn::http
