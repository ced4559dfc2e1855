#include "bench/scenario.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace cairn::bench {

namespace {

double divided(double value, double by) {
    return by > 0 ? value / by : 0;
}

}  // namespace

std::string to_string(const Scenario& scenario) {
    return fmt::format("{}, {}, {}, {} client{}, {} name{}", to_string(scenario.server),
                       to_string(scenario.connections), to_string(scenario.challenge),
                       scenario.clients, scenario.clients == 1 ? "" : "s", scenario.names,
                       scenario.names == 1 ? "" : "s");
}

double Measurement::per_second() const {
    return divided(certificates(), seconds);
}

double Measurement::cpu_milliseconds() const {
    return divided(cpu_seconds * 1e3, certificates());
}

double Measurement::units() const {
    return divided(cpu_milliseconds() * 1e3, floor.p256_verify);
}

std::optional<double> Measurement::database_units() const {
    if (!database_cpu_seconds) return std::nullopt;
    return divided(divided(*database_cpu_seconds * 1e6, certificates()), floor.p256_verify);
}

double Measurement::units_meanwhile() const {
    return divided(cpu_milliseconds() * 1e3, verification_meanwhile);
}

double Measurement::floor_units() const {
    return divided(floor_microseconds(floor, scenario.connections, scenario.names),
                   floor.p256_verify);
}

double Measurement::requests_each() const {
    return divided(static_cast<double>(requests), certificates());
}

double Measurement::kibibytes_each() const {
    return divided(written_octets / 1024, certificates());
}

std::optional<double> Measurement::syncs_each() const {
    if (!syncs) return std::nullopt;
    return divided(static_cast<double>(*syncs), certificates());
}

double Measurement::latency(double share) const {
    return percentile(latencies, share);
}

const Measurement* find_measurement(const std::vector<Measurement>& measurements,
                                    const Scenario& wanted) {
    const auto found = std::ranges::find_if(measurements, [&wanted](const Measurement& each) {
        auto scenario = each.scenario;
        scenario.certificates = wanted.certificates;
        return scenario == wanted;
    });
    return found == measurements.end() ? nullptr : &*found;
}

double percentile(const std::vector<double>& sorted, double share) {
    if (sorted.empty()) return 0;
    const auto rank =
        static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return percentile(values, 0.5);
}

}  // namespace cairn::bench
