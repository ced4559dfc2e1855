#pragma once
// Private to the tests of store/postgres: several nodes of one CA.

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include "store/postgres/store.h"
#include "store/postgres/testing/postgres_cluster.h"
#include "store/testing/await.h"
#include "store/testing/expect_same.h"
#include "store/testing/specimens.h"

namespace cairn::store::testing {

/// Waits for what happens on other threads.
inline bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

/// Two nodes of one CA, or more.
class PostgresNodes : public ::testing::Test {
  protected:
    ~PostgresNodes() override {
        here.reset();
        there.reset();
        cluster.run_sql("DROP SCHEMA IF EXISTS " + schema + " CASCADE");
    }

    std::unique_ptr<ca::SharedRepository> open(const std::string& name,
                                               base::Milliseconds lease = 8s,
                                               PostgresOptions hooks = {}) {
        hooks.url = cluster.url();
        hooks.schema = schema;
        hooks.connections = 2;
        hooks.node_name = name;
        hooks.lease = lease;
        return open_postgres_store(hooks, loops.executors(), *log);
    }
    void open_both() {
        here = open("here");
        there = open("there");
    }
    /// As a request on one of the loops does it.
    std::future<ca::RequestCheck> begin_check(ca::SharedRepository& store, const std::string& nonce,
                                              std::optional<ca::AccountId> whom = std::nullopt,
                                              std::size_t loop = 0) {
        const auto executor = loops.executors().at(loop);
        auto task = [](ca::SharedRepository& at, std::string what, std::optional<ca::AccountId> who,
                       base::Executor where) -> base::Task<ca::RequestCheck> {
            auto check = at.checks().begin(what, who, where);
            co_return co_await std::move(check).outcome();
        };
        return boost::asio::co_spawn(executor, task(store, nonce, whom, executor),
                                     boost::asio::use_future);
    }
    ca::RequestCheck check_request(ca::SharedRepository& store, const std::string& nonce,
                                   std::optional<ca::AccountId> whom = std::nullopt) {
        return begin_check(store, nonce, whom).get();
    }
    bool redeem(ca::SharedRepository& store, const std::string& nonce) {
        return check_request(store, nonce).nonce_is_good;
    }

    PostgresCluster& cluster = PostgresCluster::instance();
    const std::string schema = cluster.fresh_schema();
    std::unique_ptr<base::Log> log = base::silent_log();
    Loops loops{2};
    std::unique_ptr<ca::SharedRepository> here, there;
    Specimens make;
    ca::Account account = make.account();
};

}  // namespace cairn::store::testing
