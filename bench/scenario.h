#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/authority.h"
#include "bench/crypto_floor.h"
#include "protocol/challenge_type.h"

namespace cairn::bench {

/// One thing to measure: so many certificates by so many clients from a server.
struct Scenario {
    ServerKind server = ServerKind::cairn_embedded;
    Connections connections = Connections::kept;
    protocol::ChallengeType challenge = protocol::ChallengeType::http_01;
    std::size_t clients = 32;
    std::size_t names = 1;
    long certificates = 3000;

    friend bool operator==(const Scenario&, const Scenario&) = default;
};
/// "cairn-embedded, kept, http-01, 32 clients, 1 name".
[[nodiscard]] std::string to_string(const Scenario& scenario);

/// Resident memory of the CA after so many orders.
struct MemorySample {
    long orders = 0;
    double mebibytes = 0;
};

/// What came of a scenario.
struct Measurement {
    Scenario scenario;
    CryptoFloor floor;
    /// Microseconds of one P-256 verification while the load was on; 0 if not measured.
    double verification_meanwhile = 0;
    double seconds = 0;
    double cpu_seconds = 0;                      ///< of the CA's own process
    std::optional<double> database_cpu_seconds;  ///< of its database's processes
    double written_octets = 0;                   ///< by both
    std::optional<std::uint64_t> syncs;          ///< fsync and fdatasync, by both, if counted
    double resident_mebibytes = 0;               ///< of the CA's own process
    std::vector<MemorySample> memory;
    std::vector<double> latencies;  ///< milliseconds, sorted, one for each certificate
    std::size_t requests = 0;
    /// What went wrong, and how often it was tried; empty if all went well at once.
    std::string remark;
    bool complete = true;  ///< all certificates came

    [[nodiscard]] double certificates() const { return static_cast<double>(latencies.size()); }
    [[nodiscard]] double per_second() const;
    [[nodiscard]] double cpu_milliseconds() const;  ///< per certificate
    [[nodiscard]] double units() const;             ///< V per certificate, the CA's process
    /// The same by what a verification took meanwhile.
    [[nodiscard]] double units_meanwhile() const;
    /// V per certificate of the database's processes.
    [[nodiscard]] std::optional<double> database_units() const;
    [[nodiscard]] double floor_units() const;
    [[nodiscard]] double requests_each() const;
    [[nodiscard]] double kibibytes_each() const;
    [[nodiscard]] std::optional<double> syncs_each() const;
    [[nodiscard]] double latency(double share) const;  ///< 0.5: the median
};

/// The first measurement like `wanted`, whatever its number of certificates.
[[nodiscard]] const Measurement* find_measurement(const std::vector<Measurement>& measurements,
                                                  const Scenario& wanted);

/// The value below or at which `share` of the sorted values lie (nearest rank); 0 of none.
[[nodiscard]] double percentile(const std::vector<double>& sorted, double share);
/// The middle one of values in any order; 0 of none.
[[nodiscard]] double median(std::vector<double> values);

}  // namespace cairn::bench
