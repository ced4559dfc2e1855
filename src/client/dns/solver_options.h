#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "client/dns/propagation.h"
#include "net/socket_address.h"
#include "protocol/challenge_type.h"

namespace cairn::client {

/// What records of the DNS are for: the challenge of an order, or to stay (dns-persist-01).
enum class DnsMethod { challenge, persistent };

/// What a lineage keeps of how its DNS records are changed, as the argument of the solver "dns":
/// "PROVIDER", or "PROVIDER?credentials=FILE&propagation=none&resolver=ADDR:PORT&port=PORT", the
/// values as in a URL's query, also "challenge=dns-account-01". Of the solver "dns-persist", the
/// provider may be missing, and "policy=wildcard" and "until=SECONDS" are what its records are to
/// say.
struct DnsSolverOptions {
    /// Empty: a person sets the record.
    std::string provider;
    /// Absolute; empty: looked for where credentials are kept.
    std::filesystem::path credentials{};
    std::optional<Propagation> propagation{};
    /// Asked in the place of the system's.
    std::optional<net::SocketAddress> resolver{};
    /// Where the servers of zones listen; none: at 53.
    std::optional<std::uint16_t> port{};
    /// dns-01 or dns-account-01 alone; none: dns-01, or else dns-account-01.
    std::optional<protocol::ChallengeType> challenge{};
    /// Until when a record that stays is to prove anything; none: for good.
    std::optional<base::Time> until{};
    /// Whether a record that stays is to prove wildcards and subdomains whatever was ordered.
    bool covers_subdomains = false;

    [[nodiscard]] static base::Result<DnsSolverOptions> from_text(
        std::string_view text, DnsMethod method = DnsMethod::challenge);
    [[nodiscard]] std::string to_text() const;
    /// These, with what is not said taken from `others`, if they are for the same provider.
    [[nodiscard]] DnsSolverOptions with_defaults(const DnsSolverOptions& others) const;
};

/// The specification of a solver that works with records of the DNS, taken apart: "dns:...",
/// "dns-persist", or "dns-persist:...".
struct DnsSpecification {
    DnsMethod method = DnsMethod::challenge;
    DnsSolverOptions options;

    /// Nothing for another solver; the error says what is wrong with the options.
    [[nodiscard]] static std::optional<base::Result<DnsSpecification>> from_text(
        std::string_view specification);
    [[nodiscard]] std::string to_text() const;
};

/// `specification` of a solver, with the options that it does not say itself taken from the one
/// that a lineage has had, where both are "dns", or "dns-persist", with one provider; else as it
/// is.
[[nodiscard]] std::string keeping_dns_options(const std::string& specification,
                                              std::string_view former);

}  // namespace cairn::client
