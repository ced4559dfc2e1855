#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/task.h"
#include "dns/message.h"

namespace cairn::dns {

/// Looks names up in the DNS. Thread-safe: `query` may be called on any executor.
class Resolver {
  public:
    virtual ~Resolver() = default;
    using Deadline = std::chrono::steady_clock::time_point;

    /// Asks for `name` `type`, follows CNAMEs, and ends by the deadline, or earlier if the
    /// resolver's own timeout ends. The error says what failed (SERVFAIL, bogus with the reason,
    /// timeout). "No such name" and "no such record" are answers. Throws base::Shortage if this
    /// process lacks descriptors, memory or ports.
    [[nodiscard]] virtual base::Task<base::Result<Answer>> query(
        std::string name, RecordType type, Deadline deadline = Deadline::max()) = 0;

    struct AddressAnswers {
        base::Result<Answer> v6, v4;
    };
    /// Asks for AAAA and A at the same time.
    [[nodiscard]] virtual base::Task<AddressAnswers> query_addresses(std::string name,
                                                                     Deadline deadline);
};

/// A zone that is resolved in a way of its own, as networks have them that are split from the
/// public DNS.
struct ResolverZone {
    enum class Kind {
        forward,  ///< the servers resolve for us (RD)
        stub,     ///< the servers have the zone, and what they delegate is followed
    };
    std::string name;  ///< without a final dot; of the letters that names of hosts have, and "_"
    Kind kind = Kind::forward;
    /// As ResolverOptions::servers; never empty.
    std::vector<std::string> servers{};
    /// False: the zone is not signed, and the zones above it need not prove that.
    bool dnssec = true;
    /// File with the zone's own DS or DNSKEY records; empty: the chain from the root holds.
    std::string trust_anchor_file{};
};

struct ResolverOptions {
    /// Forwarders as "address" or "address:port", IPv6 in brackets when a port follows; empty:
    /// resolve from the roots.
    std::vector<std::string> servers{};
    /// Validate with DNSSEC; a bogus answer is an error (RFC 4035).
    bool dnssec = true;
    /// How long one query may take in all.
    base::Milliseconds timeout{5000};
    /// Trust anchor file and root hints file; empty: the packaged ones.
    std::string trust_anchor_file{}, root_hints_file{};
    std::vector<ResolverZone> zones{};
    /// Name servers outside of public address space are asked in these networks alone, wherever
    /// delegations lead; and those that are named here are, in `servers` and in zones. With a
    /// `root_hints_file` of their own roots, networks ask whomever these lead to.
    std::vector<base::IpNetwork> ask_networks{};
};

/// The resolver for these options: forwarders without DNSSEC are asked directly, unless there are
/// zones; libunbound does everything else. Neither uses a cache, so that each validation sees the
/// present state; what libunbound caches nevertheless (failures, and denials without a SOA record)
/// is dropped after a second. The events of libunbound run on `executor`, which must outlive the
/// resolver. A query runs on the executor of its task, which must not run handlers in parallel.
/// Throws std::runtime_error if the options are refused.
[[nodiscard]] std::unique_ptr<Resolver> make_resolver(const base::Executor& executor,
                                                      const ResolverOptions& options);

/// A resolver that asks the forwarders in `options.servers`, without DNSSEC. Throws
/// std::runtime_error if there are none or one is not an address.
[[nodiscard]] std::unique_ptr<Resolver> make_stub_resolver(const ResolverOptions& options);

/// A resolver over libunbound, from the roots or through forwarders, with or without DNSSEC.
/// Throws std::runtime_error if the options are refused by libunbound.
[[nodiscard]] std::unique_ptr<Resolver> make_unbound_resolver(const base::Executor& executor,
                                                              const ResolverOptions& options);

}  // namespace cairn::dns
