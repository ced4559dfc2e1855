#pragma once

#include <string>
#include <vector>

#include "bench/authority.h"
#include "bench/crypto_floor.h"
#include "protocol/challenge_type.h"

namespace cairn::bench {

/// Who looks names up for the CA.
enum class NameLookup {
    forwarder,  ///< Cairn's own stub resolver asks a forwarder
    libunbound  ///< as `init` sets a CA up, but for where it asks
};

/// The settings by which a CA that validates at `ports` looks names up so.
[[nodiscard]] std::vector<std::string> settings_of(NameLookup lookup, const ValidationPorts& ports);

/// One kind of validation, of which the cost is measured.
struct CostScenario {
    protocol::ChallengeType challenge = protocol::ChallengeType::http_01;
    NameLookup lookup = NameLookup::libunbound;
    bool caa = false;  ///< CAA records are looked up as well
};
/// "http-01, by libunbound, with CAA".
[[nodiscard]] std::string to_string(const CostScenario& scenario);

/// What came of it: microseconds of CPU time of the CA's process.
struct ValidationCost {
    CostScenario scenario;
    CryptoFloor floor{};
    std::size_t validations = 0;
    double request = 0;          ///< a response to a challenge, with its validation
    double decided_request = 0;  ///< the same request once the challenge is decided
    double waits = 0;            ///< how often a thread waited more for the one than for the other

    /// What the validation's own cryptography costs: a TLS handshake for tls-alpn-01.
    [[nodiscard]] double cryptography() const;
    /// V for one validation apart from its cryptography.
    [[nodiscard]] double units() const;
};

/// Where validations lead that never end by themselves.
enum class HoleKind {
    connections,  ///< the address is found, and no connection to it is made
    names         ///< no name server answers for the name
};
struct HoleScenario {
    HoleKind kind = HoleKind::connections;
    NameLookup lookup = NameLookup::libunbound;
};
/// "hosts that never answer, by libunbound".
[[nodiscard]] std::string to_string(const HoleScenario& scenario);

/// One round: how long honest validations took, in milliseconds.
struct HoleRound {
    std::vector<double> alone, beside;
    /// Validations into black holes that were carried out, from the first to the last honest one:
    /// the least.
    double in_flight = 0;
    /// Threads of the CA.
    double threads_alone = 0, threads_beside = 0;

    [[nodiscard]] double ratio() const;  ///< of the medians
    [[nodiscard]] double more_threads() const { return threads_beside - threads_alone; }
};
struct HoleFinding {
    HoleScenario scenario;
    std::vector<HoleRound> rounds;
};

/// Validations by the CA alone and by it with remote perspectives, in turns, in milliseconds.
struct PerspectiveFinding {
    long delay_milliseconds = 0;  ///< after which the servers that are looked at answer
    std::size_t perspectives = 0;
    std::vector<double> alone, together;
    /// Microseconds of CPU time of one cairn-va for a question.
    double cost_of_each = 0;
    CryptoFloor floor{};

    [[nodiscard]] double ratio() const;  ///< of the medians
};

struct ValidationFindings {
    std::vector<ValidationCost> costs;
    std::vector<HoleFinding> holes;
    std::vector<PerspectiveFinding> perspectives;
    /// Why something could not be measured.
    std::vector<std::string> failures;
};

}  // namespace cairn::bench
