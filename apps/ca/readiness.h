#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ca/work/clock_watch.h"

namespace cairn::apps {

/// What has to be known to say whether a server should be sent requests.
struct ReadinessFacts {
    struct Certificate {
        enum class Role { issuer, server };
        Role role;
        std::string name;
        /// Of an issuer: when all certificates of its chain are valid.
        base::Time not_before, not_after;
        /// Of an issuer: how far ahead the longest of what it issues is to end.
        base::Seconds longest_life{0};
    };
    base::Time now;
    /// How far the clock deviates from what it is compared with.
    std::vector<ca::ClockWatch::Deviation> clock{};
    bool draining = false;
    /// Why the store cannot be written to.
    std::optional<std::string> store_failure{};
    /// Room where the embedded store lies, as far as it could be told.
    std::optional<std::uintmax_t> free_octets{};
    std::vector<Certificate> certificates{};
    /// The revocation list of an issuer that ends first.
    struct Crl {
        std::string issuer;
        base::Time this_update, next_update;
    };
    std::vector<Crl> crls{};
    /// Issuers whose last signature could not be made, because the device of the key is away.
    std::vector<std::string> waiting_issuers{};
    /// Nodes that share the store and have another configuration or other issuers.
    std::vector<std::string> differing_nodes{};
};

/// Why a server should not be sent requests.
enum class Obstacle {
    draining,
    store,
    disk,
    clock,
    issuer_expired,
    issuer_expiring,
    issuer_not_yet_valid,
    server_certificate_expired,
    server_certificate_not_yet_valid,
};
inline constexpr std::size_t obstacles = 9;
/// "issuer_expired" and so on.
[[nodiscard]] std::string_view to_string(Obstacle obstacle);

struct ReadinessFinding {
    Obstacle obstacle;
    std::string text;
};

/// What is wrong with a clock that deviates so, whose present is `now`, and what to do. Nothing, if
/// it is tolerable.
[[nodiscard]] std::optional<std::string> clock_finding(const ca::ClockWatch::Deviation& deviation,
                                                       base::Time now);

/// A store with less room than this could stop in the middle of a transaction.
inline constexpr std::uintmax_t least_free_octets = std::uintmax_t{64} << 20U;
/// An issuer that lives no longer than this cannot issue what anyone would use.
inline constexpr base::Seconds least_issuer_life{3600};

/// All that is in the way, in the order of `Obstacle`; empty: the server is ready.
[[nodiscard]] std::vector<ReadinessFinding> readiness_findings(const ReadinessFacts& facts);

/// Which issuers cut short what they issue, because a certificate of their chain ends too soon for
/// the validity that the profiles give; a line each. One that is an obstacle is not told again.
[[nodiscard]] std::vector<std::string> shortening_issuers(const ReadinessFacts& facts);

/// Notes for the operator that do not affect readiness, a line each: as findings, a change of the
/// configuration would make all nodes unready at once.
[[nodiscard]] std::vector<std::string> readiness_notes(const ReadinessFacts& facts);

}  // namespace cairn::apps
