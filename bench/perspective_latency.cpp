// What remote perspectives add to the time that a validation takes.
#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "bench/name_server.h"
#include "bench/remote_perspective.h"
#include "bench/validation_load.h"
#include "bench/validation_site.h"

namespace cairn::bench {

namespace {

constexpr std::array<std::pair<const char*, const char*>, 5> places = {{{"lon1", "RIPE"},
                                                                        {"nyc1", "ARIN"},
                                                                        {"sin1", "APNIC"},
                                                                        {"sao1", "LACNIC"},
                                                                        {"cpt1", "AFRINIC"}}};
constexpr std::size_t names_in_order = 50;
/// Connections are made, and code is read from the disk, before anything is timed.
constexpr std::size_t warm_up = 20;

struct Party {
    ValidationSite site;
    AcmeConnection& connection{*site.register_account(1).front()};
    std::vector<OpenChallenge> challenges{};

    void open(const std::string& label, std::size_t count) {
        for (std::size_t first = 0; first < count; first += names_in_order) {
            std::vector<std::string> names;
            for (auto i = first; i < std::min(count, first + names_in_order); ++i)
                names.push_back("p" + std::to_string(i) + "." + label + "." + bench_zone);
            auto opened =
                site.run(site.open(connection, std::move(names), protocol::ChallengeType::http_01));
            std::ranges::move(opened, std::back_inserter(challenges));
        }
    }
    double prove_one(std::size_t number) {
        return site.run(prove(connection, challenges.at(number)));
    }
};

// All were asked, and all saw what the CA saw; else what was timed is something else.
void require_agreement(const ValidationCa& ca, std::size_t validations) {
    for (const auto& [name, region] : places) {
        const auto series = fmt::format(
            R"(cairn_perspective_seconds_count{{perspective="{}",vote="agreed"}})", name);
        if (const auto agreed = ca.metric(series); agreed != static_cast<double>(validations))
            throw std::runtime_error(
                fmt::format("the perspective {} agreed {} times in {} "
                            "validations",
                            name, agreed, validations));
    }
}

}  // namespace

PerspectiveFinding measure_perspectives(base::Milliseconds delay,
                                        const ValidationSettings& settings) {
    ValidatedHosts hosts(delay);
    const auto options = [&] {
        return ValidationCaOptions{.program = settings.cairn_ca,
                                   .work_folder = settings.work_folder,
                                   .ports = hosts.ports(),
                                   .settings = settings_of(NameLookup::forwarder, hosts.ports())};
    };
    Party alone{.site = ValidationSite(hosts, options())};
    Party together{.site = ValidationSite(hosts, options())};
    std::vector<std::unique_ptr<RemotePerspective>> perspectives;
    for (const auto& [name, region] : places) {
        perspectives.push_back(std::make_unique<RemotePerspective>(
            RemotePerspective::Options{.program = settings.cairn_va,
                                       .work_folder = settings.work_folder,
                                       .name = name,
                                       .region = region,
                                       .ca_url = together.site.ca().url(),
                                       .ports = hosts.ports()}));
        together.site.ca().enrol(*perspectives.back());
    }
    const auto count = warm_up + settings.honest;
    alone.open("alone", count);
    together.open("together", count);
    for (std::size_t i = 0; i < warm_up; ++i) {
        (void)alone.prove_one(i);
        (void)together.prove_one(i);
    }

    PerspectiveFinding finding;
    finding.delay_milliseconds = delay.count();
    finding.perspectives = perspectives.size();
    const auto used = [&] {
        double seconds = 0;
        for (const auto& each : perspectives) seconds += each->usage().cpu_seconds;
        return seconds;
    };
    std::vector<CryptoFloor> floors{measure_crypto_floor()};
    const auto before = used();
    for (auto i = warm_up; i < count; ++i) {
        finding.alone.push_back(alone.prove_one(i));
        finding.together.push_back(together.prove_one(i));
    }
    finding.cost_of_each =
        (used() - before) * 1e6 / static_cast<double>(settings.honest * perspectives.size());
    floors.push_back(measure_crypto_floor());
    finding.floor = mean(floors);
    require_agreement(together.site.ca(), count);
    return finding;
}

}  // namespace cairn::bench
