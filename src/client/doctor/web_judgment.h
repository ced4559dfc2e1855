#pragma once

#include "client/doctor/observation.h"

namespace cairn::client::doctor {

/// What the addresses of a name show at port 80 to a request for a challenge, followed as a CA
/// follows it: reachability, IPv6 beside IPv4, redirects, and what answers. Pure.
[[nodiscard]] Findings judge_web(const Patient& patient, const WebObservation& seen);
/// Connections to port 443. Pure.
[[nodiscard]] Findings judge_port_443(const Patient& patient,
                                      const std::vector<Connection>& connections);

}  // namespace cairn::client::doctor
