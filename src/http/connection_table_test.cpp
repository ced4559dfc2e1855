#include "http/connection_table.h"

#include <chrono>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include "net/client_network.h"

namespace cairn::http::connection_table_test {
namespace {

using namespace std::chrono_literals;

class ConnectionTableTest : public ::testing::Test {
  protected:
    using Place = std::shared_ptr<ConnectionTable::Place>;

    void make(ConnectionTable::Limits limits) {
        table_ = std::make_unique<ConnectionTable>(limits, [this] { ++gave_way_; });
    }
    static base::IpAddress network(const char* address) {
        return net::client_network(*base::IpAddress::from_text(address));
    }
    Place take(const char* client, std::size_t octets = 1) {
        return table_->take(loop_.get_executor(), network(client), octets);
    }
    /// A place whose connection has waited for so long; `left` counts when it is told to go.
    Place take_waiting(const char* client, std::chrono::seconds since, std::size_t octets = 1) {
        auto place = take(client, octets);
        if (!place) return place;
        place->waits_from(std::chrono::steady_clock::now() - since);
        place->on_giving_way = [this, since] { told_.push_back(since); };
        return place;
    }
    void run() {
        loop_.restart();
        loop_.poll();
    }

    boost::asio::io_context loop_;
    std::unique_ptr<ConnectionTable> table_;
    int gave_way_ = 0;
    std::vector<std::chrono::seconds> told_;
};

TEST_F(ConnectionTableTest, LetsTheLongestWaitingOfAllGo) {
    make({.connections = 3, .connections_per_client = 3, .octets = 100, .octets_per_client = 100});
    const auto working = take("192.0.2.1");
    const auto older = take_waiting("192.0.2.2", 7s);
    const auto newer = take_waiting("192.0.2.3", 3s);
    const auto fourth = take("192.0.2.4");
    EXPECT_TRUE(fourth);
    run();
    EXPECT_EQ(told_, std::vector{7s});
    EXPECT_EQ(gave_way_, 1);
    newer->works();
    EXPECT_FALSE(take("192.0.2.5")) << "none of them waits";
    newer->waits_from(std::chrono::steady_clock::now() + 1h);
    EXPECT_FALSE(take("192.0.2.5")) << "nor yet";
    EXPECT_EQ(gave_way_, 1);
}

TEST_F(ConnectionTableTest, ALeavingConnectionCountsNoMore) {
    make({.connections = 1, .connections_per_client = 1, .octets = 10, .octets_per_client = 10});
    auto first = take_waiting("192.0.2.1", 1s, 10);
    auto second = take_waiting("192.0.2.1", 1s, 10);
    ASSERT_TRUE(second);
    first.reset();
    run();
    EXPECT_TRUE(told_.empty()) << "it had gone by itself";
    second->works();
    EXPECT_FALSE(take("192.0.2.1"));
    second.reset();
    EXPECT_TRUE(take("192.0.2.1", 10));
}

TEST_F(ConnectionTableTest, ClientsGiveWayToThemselves) {
    make({.connections = 9, .connections_per_client = 2, .octets = 100, .octets_per_client = 100});
    const auto other = take_waiting("192.0.2.9", 60s);
    const auto first = take_waiting("2001:db8::1", 5s);
    const auto second = take_waiting("2001:db8::2:0:0:1", 6s);
    const auto third = take_waiting("2001:db8::ffff:0:0:1", 1s);
    EXPECT_TRUE(third);
    run();
    EXPECT_EQ(told_, std::vector{6s});
    const auto neighbour = take_waiting("2001:db8:0:1::1", 1s);
    run();
    EXPECT_EQ(told_.size(), 1U) << "another /64 is another client";
}

TEST_F(ConnectionTableTest, BoundsMemoryByClientAndInAll) {
    make({.connections = 9, .connections_per_client = 9, .octets = 10, .octets_per_client = 6});
    const auto first = take("192.0.2.1", 2);
    const auto second = take("192.0.2.1", 2);
    EXPECT_FALSE(first->holds(5)) << "the client's bound";
    EXPECT_TRUE(first->holds(4));
    const auto other = take("192.0.2.2", 2);
    EXPECT_FALSE(other->holds(5)) << "the bound of all";
    EXPECT_TRUE(first->holds(1));
    EXPECT_TRUE(other->holds(5));
    second->waits_from(std::chrono::steady_clock::now());
    EXPECT_TRUE(other->holds(6));
    EXPECT_EQ(gave_way_, 0);
    EXPECT_TRUE(first->holds(4)) << "another one gives way";
    EXPECT_EQ(gave_way_, 1);
    EXPECT_FALSE(take("192.0.2.3", 1));
}

TEST_F(ConnectionTableTest, AConnectionMayGetItsClientLater) {
    make({.connections = 9, .connections_per_client = 1, .octets = 99, .octets_per_client = 99});
    const auto first = table_->take(loop_.get_executor(), std::nullopt, 1);
    const auto second = table_->take(loop_.get_executor(), std::nullopt, 1);
    const auto third = table_->take(loop_.get_executor(), std::nullopt, 1);
    EXPECT_TRUE(first->belongs_to(network("192.0.2.1")));
    EXPECT_TRUE(second->belongs_to(network("192.0.2.2")));
    EXPECT_FALSE(third->belongs_to(network("192.0.2.1")));
}

TEST_F(ConnectionTableTest, ThoseThatWaitGoWhenThereIsNoMemory) {
    make({.connections = 9, .connections_per_client = 9, .octets = 99, .octets_per_client = 99});
    const auto working = take("192.0.2.1");
    const auto first = take_waiting("192.0.2.1", 1s);
    const auto second = take_waiting("192.0.2.1", 2s);
    const auto third = take_waiting("192.0.2.1", 3s);
    table_->make_room();
    run();
    EXPECT_EQ(told_, (std::vector{3s, 2s, 1s}));
}

}  // namespace
}  // namespace cairn::http::connection_table_test
