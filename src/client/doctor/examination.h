#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/certificate_plan.h"
#include "client/doctor/finding.h"
#include "client/doctor/lookups.h"
#include "client/doctor/web_probe.h"
#include "client/environment.h"

namespace cairn::client::doctor {

/// What this CA can be expected to see: the known ones look from the public internet.
[[nodiscard]] Audience audience_of(const Authority& authority);

/// Whether the CA's directory is fetched. Nothing else is asked of it.
enum class Asking { directory, nothing };

/// What is to be looked at.
struct Examination {
    /// The certificate as it would be got; a name without a solver is looked at for every method.
    CertificatePlan plan;
    /// The lineage that the plan is of, if it is kept; else one by the first of its names.
    std::optional<LineageName> lineage{};
    Asking asking = Asking::directory;
    LookupOptions lookups{};
    WebPorts ports{};
    /// Why a CA of the public, or any, would not issue for a name at all; nothing: it may.
    std::function<std::optional<std::string>(const protocol::Identifier&, Audience)> refusal =
        [](const auto&, Audience) { return std::nullopt; };
};

/// Looks at everything that would be in the way of the certificate, before any CA is asked for it.
/// Names are looked at side by side; a server that does not answer costs five seconds. Solvers with
/// a server or a webroot put up a probe, which is taken down again; nothing else is changed. Throws
/// Failure if it cannot look at all.
[[nodiscard]] Findings examine(const Environment& environment, const Examination& examination);

}  // namespace cairn::client::doctor
