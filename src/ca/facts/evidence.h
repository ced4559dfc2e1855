#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "protocol/caa_finding.h"
#include "protocol/internet_registry.h"
#include "protocol/problem.h"

namespace cairn::ca {

/// What one perspective on the network saw of one validation.
struct Evidence {
    /// Who looked, as the operator names it; "local": this CA itself.
    std::string perspective;
    base::Time begun, ended;
    /// Where it connected to, or tried to, in order.
    struct Endpoint {
        base::IpAddress address;
        std::uint16_t port;
        friend bool operator==(const Endpoint&, const Endpoint&) = default;
    };
    std::vector<Endpoint> endpoints{};
    /// What it asked and came to, step by step: "example.org AAAA", "192.0.2.1:80", "192.0.2.2:80:
    /// connection refused".
    std::vector<std::string> steps{};
    /// Why control was not proved, or CAA records forbid issuance; none: nothing is in the way.
    std::optional<protocol::Problem> problem{};
    /// What the CAA records said; none: they were not asked for, or could not be looked up.
    std::optional<protocol::CaaFinding> caa{};
    /// Where it stands; none: it is the CA itself.
    std::optional<protocol::InternetRegistry> region{};

    /// The endpoints as they stand in logs: "192.0.2.1:80, [2001:db8::1]:80".
    [[nodiscard]] std::string endpoint_list() const;
    /// The steps one after the other: "example.org AAAA; 192.0.2.1:80".
    [[nodiscard]] std::string step_list() const;
};

}  // namespace cairn::ca
