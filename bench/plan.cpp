#include "bench/plan.h"

#include <array>

namespace cairn::bench {

namespace {

constexpr std::array all_servers = {ServerKind::cairn_embedded, ServerKind::cairn_postgresql,
                                    ServerKind::pebble};
constexpr std::array other_challenges = {protocol::ChallengeType::dns_01,
                                         protocol::ChallengeType::tls_alpn_01};

// With many names a certificate is as much work as many: fewer of them.
constexpr std::size_t many_names = 100;
constexpr std::size_t clients_of_many_names = 8;

}  // namespace

Plan quick_plan() {
    Plan plan{.scenarios = {}, .extras = {Extra::idle, Extra::start_up}, .idle_connections = 2000};
    for (const auto server : all_servers) {
        const bool is_embedded = server == ServerKind::cairn_embedded;
        auto& all = plan.scenarios;
        all.push_back({.server = server, .clients = 1, .certificates = 200});
        all.push_back({.server = server, .clients = 32, .certificates = is_embedded ? 3000 : 1000});
        all.push_back({.server = server,
                       .connections = Connections::fresh,
                       .clients = 32,
                       .certificates = 1000});
        all.push_back({.server = server, .clients = 256, .certificates = 1000});
        if (server == ServerKind::cairn_postgresql) continue;
        for (const auto challenge : other_challenges)
            all.push_back({.server = server, .challenge = challenge, .certificates = 500});
        all.push_back({.server = server,
                       .clients = clients_of_many_names,
                       .names = many_names,
                       .certificates = 16});
    }
    return plan;
}

Plan full_plan(long orders) {
    Plan plan{.scenarios = {}, .extras = {Extra::idle, Extra::start_up}, .idle_connections = 10000};
    const auto add = [&plan](const Choice& choice) {
        const auto scenarios = scenarios_of(choice);
        plan.scenarios.insert(plan.scenarios.end(), scenarios.begin(), scenarios.end());
    };
    for (const auto server : all_servers) {
        add({.servers = {server},
             .clients = {1, 2, 4, 8, 16, 32, 64, 128, 256},
             .certificates = 2000});
        add({.servers = {server},
             .challenges = {other_challenges.begin(), other_challenges.end()},
             .certificates = 2000});
        add({.servers = {server},
             .challenges = {protocol::ChallengeType::http_01, other_challenges[0],
                            other_challenges[1]},
             .clients = {clients_of_many_names},
             .names = {many_names},
             .certificates = 64});
    }
    plan.scenarios.push_back({.clients = 64, .certificates = orders});
    return plan;
}

std::vector<Scenario> scenarios_of(const Choice& choice) {
    std::vector<Scenario> scenarios;
    for (const auto server : choice.servers)
        for (const auto challenge : choice.challenges)
            for (const auto names : choice.names)
                for (const auto clients : choice.clients)
                    for (const auto connections : choice.connections)
                        scenarios.push_back({.server = server,
                                             .connections = connections,
                                             .challenge = challenge,
                                             .clients = clients,
                                             .names = names,
                                             .certificates = choice.certificates});
    return scenarios;
}

}  // namespace cairn::bench
