#pragma once

#include <cstdint>
#include <string>

#include <CLI/App.hpp>

#include "apps/cairn/run.h"
#include "client/certificate_plan.h"

namespace cairn {

/// What is said on the command line of how DNS records are changed, for names whose solver is
/// dns:PROVIDER or dns-persist. Empty: not said.
struct DnsOptions {
    std::string credentials, resolver, propagation;
    std::uint16_t port = 0;
    /// "dns-01" or "dns-account-01".
    std::string challenge;
    bool save_credentials = false;
    /// Of records that stay: until when, and whether for wildcards whatever was ordered.
    std::string persist_until;
    bool persist_wildcard = false;
};

/// Adds --credentials, --resolver, --propagation, --dns-port and --save-credentials. `options` is
/// read when the command runs.
void add_dns_options(CLI::App& command, DnsOptions& options);
/// Adds --dns-challenge, --persist-until and --persist-wildcard in the same way.
void add_proof_options(CLI::App& command, DnsOptions& options);
/// Puts what was said into the solvers of the plan; says which credentials come from the
/// environment, where no later run may have them, and keeps them if that is wanted. Throws Failure
/// for options that cannot take effect.
void settle_dns(Run& run, const DnsOptions& options, client::CertificatePlan& plan);

}  // namespace cairn
