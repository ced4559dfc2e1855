#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/dns/provider.h"
#include "client/dns/record_place.h"
#include "client/dns/solver_options.h"
#include "client/solver.h"
#include "client/state_directory.h"
#include "client/timer.h"

namespace cairn::client {

/// Answers dns-01 and dns-account-01 with records at a DNS provider. `argument` is as
/// DnsSolverOptions has it. The error says what is wrong with it, or with the credentials.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_dns_solver(std::string_view argument,
                                                                    const SolverContext& context);

/// The same with a provider and a network of a test's own.
struct DnsSolverParts {
    DnsSolverOptions options;
    const ProviderKind& kind;
    std::unique_ptr<DnsProvider> provider;
    /// Works while the run is asked to stop, too.
    std::unique_ptr<DnsProvider> cleaning_provider;
    AskServer ask;
};
[[nodiscard]] std::unique_ptr<Solver> make_dns_solver(DnsSolverParts parts,
                                                      const SolverContext& context);

/// The provider that `options` name, with its credentials.
[[nodiscard]] base::Result<DnsSolverParts> dns_solver_parts(DnsSolverOptions options,
                                                            const SolverContext& context);
/// Finds where records belong, with what the options say, and the server of a provider (or null).
[[nodiscard]] RecordPlaces record_places(const DnsSolverOptions& options, DnsProvider* provider,
                                         const AskServer& ask);
/// A lock so that of several orders and processes one at a time reads, merges and writes there.
/// Throws Failure.
[[nodiscard]] StateLock lock_on_records(const RecordPlace& place, const ProviderKind& kind,
                                        const SolverContext& context, Timer& timer);

}  // namespace cairn::client
