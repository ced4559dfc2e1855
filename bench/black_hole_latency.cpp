// What an honest client notices of validations that never end.
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "bench/black_hole.h"
#include "bench/name_server.h"
#include "bench/validation_load.h"
#include "bench/validation_site.h"

namespace cairn::bench {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// Validations of one account share places, so that each has few.
constexpr std::size_t names_of_account = 50;
/// The CA holds its answer to a response for a second, and libunbound gives up a silent name after
/// some: all have to begin within two. Of 2,000 connections of one client the CA would close some,
/// for the memory that they hold.
constexpr std::size_t connections_of_account = 25;
constexpr auto patience = 60s;
constexpr auto glance = 50ms;
/// Until what begins so many validations has become quiet.
constexpr auto until_quiet = 500ms;
constexpr const char* running = "cairn_jobs_running{queue=\"validation\"}";

base::Task<bool> respond_to_all(AcmeConnection& connection, std::vector<OpenChallenge> challenges) {
    for (const auto& challenge : challenges) {
        auto responding = respond_to(connection, challenge);
        if (co_await std::move(responding))
            throw std::runtime_error("a name in a black hole was proved");
    }
    connection.close();
    co_return true;
}

/// Sends `count` validations into black holes, and returns when the CA carries them out.
void fill_holes(ValidationSite& site, HoleKind kind, std::size_t count) {
    const std::string domain = kind == HoleKind::connections ? "black-hole-" : "silent-";
    std::deque<std::vector<AcmeConnection*>> accounts;
    std::vector<std::future<std::vector<OpenChallenge>>> opening;
    for (std::size_t first = 0; first < count; first += names_of_account) {
        std::vector<std::string> names;
        // Each in a registered domain of its own, as many victims of one attacker or many
        // attackers would be.
        for (auto i = first; i < std::min(count, first + names_of_account); ++i)
            names.push_back("www." + domain + std::to_string(i) + ".test");
        const auto& connections =
            accounts.emplace_back(site.register_account(connections_of_account));
        opening.push_back(site.begin(
            site.open(*connections.front(), std::move(names), protocol::ChallengeType::http_01)));
    }
    const auto opened = all_of(std::move(opening));
    std::vector<std::future<bool>> responding;
    for (std::size_t i = 0; i < opened.size(); ++i) {
        for (std::size_t own = 0; own < connections_of_account; ++own) {
            std::vector<OpenChallenge> share;
            for (auto k = own; k < opened[i].size(); k += connections_of_account)
                share.push_back(opened[i][k]);
            responding.push_back(site.begin(respond_to_all(*accounts[i][own], std::move(share))));
        }
    }
    (void)all_of(std::move(responding));
    const auto deadline = steady_clock::now() + patience;
    while (site.ca().metric(running) < static_cast<double>(count)) {
        if (steady_clock::now() > deadline)
            throw std::runtime_error(
                fmt::format("only {} of {} validations into black holes are carried out at once: "
                            "the descriptors that the system lets a process have (ulimit -n) "
                            "bound them",
                            site.ca().metric(running), count));
        std::this_thread::sleep_for(glance);
    }
    std::this_thread::sleep_for(until_quiet);
}

std::vector<std::string> honest_names(std::size_t first, std::size_t count) {
    std::vector<std::string> names;
    for (auto i = first; i < first + count; ++i)
        names.push_back("h" + std::to_string(i) + "." + bench_zone);
    return names;
}

base::Task<std::vector<double>> prove_in_turn(AcmeConnection& connection,
                                              std::vector<OpenChallenge> challenges) {
    connection.close();  // it may have been idle for long
    std::vector<double> taken;
    for (const auto& challenge : challenges) {
        auto proving = prove(connection, challenge);
        taken.push_back(co_await std::move(proving));
    }
    co_return taken;
}

HoleRound measure_round(const HoleScenario& scenario, const ValidationSettings& settings) {
    ValidatedHosts hosts;
    const BlackHole hole(black_hole_address, hosts.ports().http);
    auto set = settings_of(scenario.lookup, hosts.ports());
    // Longer than the honest ones take, so that none of the others has ended by then.
    set.emplace_back("validation.timeout=\"10m\"");
    set.emplace_back("server.connections_per_client=10000");
    ValidationSite site(hosts, {.program = settings.cairn_ca,
                                .work_folder = settings.work_folder,
                                .ports = hosts.ports(),
                                .settings = std::move(set)});
    auto& honest = *site.register_account(1).front();
    std::vector<OpenChallenge> challenges;
    for (std::size_t first = 0; first < 2 * settings.honest; first += names_of_account) {
        const auto count = std::min(names_of_account, 2 * settings.honest - first);
        auto opened = site.run(
            site.open(honest, honest_names(first, count), protocol::ChallengeType::http_01));
        std::ranges::move(opened, std::back_inserter(challenges));
    }
    const auto middle = challenges.begin() + static_cast<std::ptrdiff_t>(settings.honest);

    HoleRound round;
    round.alone = site.run(prove_in_turn(honest, {challenges.begin(), middle}));
    round.threads_alone = site.ca().usage().threads;
    fill_holes(site, scenario.kind, settings.black_holes);
    round.in_flight = site.ca().metric(running);
    round.threads_beside = site.ca().usage().threads;
    round.beside = site.run(prove_in_turn(honest, {middle, challenges.end()}));
    round.in_flight = std::min(round.in_flight, site.ca().metric(running));
    round.threads_beside = std::max(round.threads_beside, site.ca().usage().threads);
    return round;
}

}  // namespace

HoleFinding measure_beside_black_holes(const HoleScenario& scenario,
                                       const ValidationSettings& settings) {
    HoleFinding finding{.scenario = scenario, .rounds = {}};
    for (std::size_t i = 0; i < settings.rounds; ++i)
        finding.rounds.push_back(measure_round(scenario, settings));
    return finding;
}

}  // namespace cairn::bench
