#include "bench/plan.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace cairn::bench {
namespace {

bool holds(const Plan& plan, Scenario wanted) {
    return std::ranges::any_of(plan.scenarios, [&wanted](const Scenario& each) {
        wanted.certificates = each.certificates;
        return each == wanted;
    });
}

TEST(Plan, BothHoldWhatTheGoalsNeed) {
    for (const auto& plan : {quick_plan(), full_plan(100000)}) {
        EXPECT_TRUE(holds(plan, {.clients = 1}));
        EXPECT_TRUE(holds(plan, {.clients = 32}));
        EXPECT_TRUE(holds(plan, {.connections = Connections::fresh, .clients = 32}));
        EXPECT_TRUE(holds(plan, {.server = ServerKind::cairn_postgresql, .clients = 32}));
        EXPECT_TRUE(holds(plan, {.server = ServerKind::pebble, .clients = 32}));
        EXPECT_EQ(plan.extras.size(), 2U);
    }
}

TEST(Plan, FullIsTheWholeMatrix) {
    const auto plan = full_plan(5000);
    for (const auto server :
         {ServerKind::cairn_embedded, ServerKind::cairn_postgresql, ServerKind::pebble}) {
        for (const auto connections : {Connections::kept, Connections::fresh})
            EXPECT_TRUE(
                holds(plan, {.server = server, .connections = connections, .clients = 256}));
        for (const auto challenge :
             {protocol::ChallengeType::http_01, protocol::ChallengeType::dns_01,
              protocol::ChallengeType::tls_alpn_01})
            EXPECT_TRUE(holds(
                plan, {.server = server, .challenge = challenge, .clients = 8, .names = 100}));
    }
    EXPECT_EQ(plan.scenarios.back().certificates, 5000);
    EXPECT_EQ(plan.idle_connections, 10000U);
}

TEST(Choice, IsEveryCombination) {
    const auto scenarios = scenarios_of({.servers = {ServerKind::pebble},
                                         .connections = {Connections::kept, Connections::fresh},
                                         .clients = {1, 2, 3},
                                         .names = {1, 100},
                                         .certificates = 7});
    EXPECT_EQ(scenarios.size(), 12U);
    EXPECT_TRUE(std::ranges::all_of(scenarios,
                                    [](const Scenario& each) { return each.certificates == 7; }));
}

}  // namespace
}  // namespace cairn::bench
