#pragma once
// For the tests of client: a DNS provider that speaks with a server of the test's own.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/dns/provider.h"
#include "client/failure.h"
#include "client/testing/scripted_server.h"

namespace cairn::client::testing {

/// Keeps what is told.
class HeardTrace final : public DnsTrace {
  public:
    void tell(std::string_view text) override { text_ += std::string(text) + "\n"; }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

class ProviderTest : public ::testing::Test {
  protected:
    /// The provider of this name, for the server of this test.
    std::unique_ptr<DnsProvider> provider(const std::string& name,
                                          std::map<std::string, std::string> values,
                                          const std::string& base_path = {}) {
        const auto kind = find_provider_kind(name);
        if (!kind) throw std::runtime_error(kind.error().message);
        values.emplace("api_url", server_.url(base_path));
        values.emplace("ca_file", server_.root_file().string());
        auto made = (*kind)->make(**kind, DnsCredentials(std::move(values)),
                                  {.clock = clock_,
                                   .timer = timer_,
                                   .random = random_,
                                   .user_agent = "Cairn/test",
                                   .trace = &trace_});
        if (!made) throw std::runtime_error(made.error().message);
        return std::move(*made);
    }
    /// "METHOD target" of each request, in order.
    std::vector<std::string> asked() const {
        std::vector<std::string> lines;
        for (const auto& request : server_.requests())
            lines.push_back(request.method + " " + request.target);
        return lines;
    }
    /// What a failing call says.
    static std::string failure_of(const std::function<void()>& call) {
        try {
            call();
        } catch (const Failure& failure) {
            return failure.what();
        }
        return "no failure";
    }

    std::function<http::Response(const http::Request&)> answer_;
    ScriptedServer server_{[this](const http::Request& request) { return answer_(request); }};
    base::ManualClock clock_{base::Time(base::Seconds(1'790'000'000))};
    InstantTimer timer_;
    crypto::SystemRandom random_;
    HeardTrace trace_;
    const TxtRecord record_{
        .zone = "example.com", .name = "_acme-challenge.www.example.com", .value = "the-value"};
};

}  // namespace cairn::client::testing
