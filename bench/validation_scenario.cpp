#include "bench/validation_scenario.h"

#include "bench/scenario.h"

namespace cairn::bench {

namespace {

std::string words_of(NameLookup lookup) {
    return lookup == NameLookup::forwarder ? ", by a forwarder" : ", by libunbound";
}

}  // namespace

std::vector<std::string> settings_of(NameLookup lookup, const ValidationPorts& ports) {
    const auto server = "\"127.0.0.1:" + std::to_string(ports.dns) + "\"";
    std::vector<std::string> settings{"validation.dns_servers=[" + server + "]"};
    if (lookup == NameLookup::forwarder) {
        settings.emplace_back("validation.dnssec=false");
        return settings;
    }
    settings.emplace_back("validation.dnssec=true");
    settings.push_back("validation.zones.test={forward=[" + server + "],dnssec=false}");
    return settings;
}

std::string to_string(const CostScenario& scenario) {
    return std::string(to_string(scenario.challenge)) + words_of(scenario.lookup) +
           (scenario.caa ? ", with CAA" : "");
}

double ValidationCost::cryptography() const {
    if (scenario.challenge != protocol::ChallengeType::tls_alpn_01) return 0;
    return floor.p256_verify + 2 * floor.x25519;
}

double ValidationCost::units() const {
    return (request - decided_request - cryptography()) / floor.p256_verify;
}

std::string to_string(const HoleScenario& scenario) {
    return (scenario.kind == HoleKind::connections ? "hosts that never answer"
                                                   : "names that nobody answers for") +
           words_of(scenario.lookup);
}

double HoleRound::ratio() const {
    return median(beside) / median(alone);
}

double PerspectiveFinding::ratio() const {
    return median(together) / median(alone);
}

}  // namespace cairn::bench
