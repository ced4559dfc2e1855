// What one validation costs the CA.
#include <algorithm>
#include <numeric>
#include <span>

#include "bench/name_server.h"
#include "bench/validation_load.h"
#include "bench/validation_site.h"

namespace cairn::bench {

namespace {

constexpr std::size_t accounts = 16;
constexpr std::size_t names_in_order = 50;
/// The requests whose cost is compared alternate so often.
constexpr std::size_t turns = 5;

/// An account that works alone, and what it has to respond to.
struct Worker {
    AcmeConnection* connection;
    std::vector<OpenChallenge> challenges{};
};

base::Task<bool> open_for(ValidationSite& site, Worker& worker, std::string label,
                          std::size_t count, protocol::ChallengeType type) {
    for (std::size_t first = 0; first < count; first += names_in_order) {
        std::vector<std::string> names;
        for (auto i = first; i < std::min(count, first + names_in_order); ++i)
            names.push_back("v" + std::to_string(i) + "." + label + "." + bench_zone);
        auto opening = site.open(*worker.connection, std::move(names), type);
        auto opened = co_await std::move(opening);
        std::ranges::move(opened, std::back_inserter(worker.challenges));
    }
    co_return true;
}

base::Task<bool> prove_all(Worker& worker, std::span<const OpenChallenge> challenges) {
    for (const auto& challenge : challenges) {
        auto proving = prove(*worker.connection, challenge);
        (void)co_await std::move(proving);
    }
    co_return true;
}

/// All workers with their `turn`; what it took of the CA.
ProcessUsage take_turn(ValidationSite& site, std::deque<Worker>& workers, std::size_t turn) {
    const auto before = site.ca().usage();
    std::vector<std::future<bool>> under_way;
    for (auto& worker : workers) {
        const auto size = worker.challenges.size() / turns;
        under_way.push_back(
            site.begin(prove_all(worker, std::span(worker.challenges).subspan(turn * size, size))));
    }
    (void)all_of(std::move(under_way));
    auto taken = site.ca().usage();
    taken.cpu_seconds -= before.cpu_seconds;
    taken.waits -= before.waits;
    return taken;
}

}  // namespace

ValidationCost measure_validation_cost(const CostScenario& scenario,
                                       const ValidationSettings& settings) {
    ValidatedHosts hosts;
    auto set = settings_of(scenario.lookup, hosts.ports());
    if (scenario.caa) set.emplace_back("directory.caa_identities=[\"ca.bench.test\"]");
    ValidationSite site(hosts, {.program = settings.cairn_ca,
                                .work_folder = settings.work_folder,
                                .ports = hosts.ports(),
                                .settings = std::move(set)});
    const auto for_each = std::max<std::size_t>(1, settings.validations / accounts / turns) * turns;
    std::deque<Worker> workers;
    std::vector<std::future<bool>> opening;
    for (std::size_t i = 0; i < accounts; ++i) {
        auto& worker = workers.emplace_back(Worker{site.register_account(1).front()});
        opening.push_back(site.begin(
            open_for(site, worker, "w" + std::to_string(i), for_each, scenario.challenge)));
    }
    (void)all_of(std::move(opening));

    ValidationCost cost{.scenario = scenario, .floor = {}, .validations = for_each * accounts};
    std::vector<CryptoFloor> floors;
    const auto each = [&](double sum) { return sum / static_cast<double>(cost.validations); };
    for (std::size_t turn = 0; turn < turns; ++turn) {
        floors.push_back(measure_crypto_floor());
        const auto first = take_turn(site, workers, turn);
        floors.push_back(measure_crypto_floor());
        // The same requests again: they are decided now.
        const auto again = take_turn(site, workers, turn);
        cost.request += each(first.cpu_seconds * 1e6);
        cost.decided_request += each(again.cpu_seconds * 1e6);
        cost.waits += each(first.waits - again.waits);
    }
    cost.floor = mean(floors);
    return cost;
}

}  // namespace cairn::bench
