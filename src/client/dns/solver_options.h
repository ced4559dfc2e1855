#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/dns/propagation.h"
#include "net/socket_address.h"

namespace cairn::client {

/// What a lineage keeps of how its DNS records are changed, as the argument of the solver "dns":
/// "PROVIDER", or "PROVIDER?credentials=FILE&propagation=none&resolver=ADDR:PORT&port=PORT", the
/// values as in a URL's query.
struct DnsSolverOptions {
    std::string provider;
    /// Absolute; empty: looked for where credentials are kept.
    std::filesystem::path credentials{};
    std::optional<Propagation> propagation{};
    /// Asked in the place of the system's.
    std::optional<net::SocketAddress> resolver{};
    /// Where the servers of zones listen; none: at 53.
    std::optional<std::uint16_t> port{};

    [[nodiscard]] static base::Result<DnsSolverOptions> from_text(std::string_view text);
    [[nodiscard]] std::string to_text() const;
    /// These, with what is not said taken from `others`, if they are for the same provider.
    [[nodiscard]] DnsSolverOptions with_defaults(const DnsSolverOptions& others) const;
};

/// `specification` of a solver, with the options that it does not say itself taken from the one
/// that a lineage has had, where both are "dns" with one provider; else as it is.
[[nodiscard]] std::string keeping_dns_options(const std::string& specification,
                                              std::string_view former);

}  // namespace cairn::client
