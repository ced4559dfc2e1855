#pragma once

#include <cstddef>
#include <deque>
#include <future>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "bench/acme_connection.h"
#include "bench/challenge_board.h"
#include "bench/responders.h"
#include "bench/validation_ca.h"
#include "bench/validation_client.h"
#include "net/event_loops.h"

namespace cairn::bench {

/// Real servers that CAs validate, with what they answer.
struct ValidatedHosts {
    explicit ValidatedHosts(base::Milliseconds delay = base::Milliseconds(0))
        : responders(board, delay) {}
    [[nodiscard]] ValidationPorts ports() const {
        return {.http = responders.http_port(),
                .dns = responders.dns_port(),
                .tls = responders.tls_port()};
    }

    ChallengeBoard board;
    Responders responders;
};

/// A CA and its clients, who are accounts with connections on one event loop.
class ValidationSite {
  public:
    /// `hosts` outlive it.
    ValidationSite(ValidatedHosts& hosts, const ValidationCaOptions& options)
        : hosts_(hosts),
          ca_(options),
          place_(ca_.port(), ca_.root_file(),
                 fetch_directory(ca_.directory_url(), ca_.root_file())) {}

    [[nodiscard]] const ValidationCa& ca() const { return ca_; }
    /// A new account with so many connections; they live as long as this object.
    std::vector<AcmeConnection*> register_account(std::size_t connections) {
        auto& account = accounts_.emplace_back();
        std::vector<AcmeConnection*> made;
        for (std::size_t i = 0; i < connections; ++i)
            made.push_back(&connections_.emplace_back(place_, account));
        run(made.front()->register_account());
        return made;
    }
    /// Challenges for these names, ready to be responded to.
    [[nodiscard]] base::Task<std::vector<OpenChallenge>> open(AcmeConnection& connection,
                                                              std::vector<std::string> names,
                                                              protocol::ChallengeType type) {
        return open_challenges(connection, hosts_.board, std::move(names), type);
    }

    template <class Value>
    std::future<Value> begin(base::Task<Value> task) {
        return boost::asio::co_spawn(loops_.executor(0), std::move(task), boost::asio::use_future);
    }
    template <class Value>
    Value run(base::Task<Value> task) {
        return begin(std::move(task)).get();
    }

  private:
    ValidatedHosts& hosts_;
    ValidationCa ca_;
    AcmePlace place_;
    net::EventLoops loops_{1};
    std::deque<AcmeAccount> accounts_;
    std::deque<AcmeConnection> connections_;
};

/// What all of them give; waits for each before it throws what one of them threw.
template <class Value>
std::vector<Value> all_of(std::vector<std::future<Value>> futures) {
    for (const auto& future : futures) future.wait();
    std::vector<Value> values;
    for (auto& future : futures) values.push_back(future.get());
    return values;
}

}  // namespace cairn::bench
