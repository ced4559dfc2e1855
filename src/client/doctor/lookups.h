#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/doctor/observation.h"
#include "dns/caa_set.h"
#include "dns/resolver.h"
#include "dns/zone.h"
#include "net/event_loops.h"

namespace cairn::client::doctor {

/// Whom to ask for names.
struct LookupOptions {
    /// Resolvers as "ADDR[:PORT]"; empty: from the roots, as a CA does.
    std::vector<std::string> resolvers{};
    /// Where the servers of zones listen.
    std::uint16_t dns_port = 53;
    /// The root's key (DS or DNSKEY); empty: the packaged one.
    std::string trust_anchor_file{};
};

/// Look-ups for threads that may wait: each ends after five seconds, and many may be under way.
/// Thread-safe. Nothing is cached, so that the present state is seen.
class Lookups {
  public:
    /// Throws std::runtime_error if the options are refused.
    explicit Lookups(const LookupOptions& options);
    ~Lookups();
    Lookups(const Lookups&) = delete;
    Lookups& operator=(const Lookups&) = delete;

    [[nodiscard]] base::Result<dns::Answer> query(const std::string& name, dns::RecordType type);
    /// A and AAAA.
    [[nodiscard]] Resolution resolve(const std::string& name);
    [[nodiscard]] base::Result<dns::CaaSet> find_caa_set(const std::string& name);
    /// The zone of `name`, and what each address of its servers says of it.
    [[nodiscard]] ZoneView look_at_zone(const std::string& name);
    [[nodiscard]] DnssecView look_at_dnssec(const std::string& name);

  private:
    [[nodiscard]] base::Result<dns::Answer> query_validated(const std::string& name);
    [[nodiscard]] ServerView ask(const std::string& server, const base::IpAddress& address,
                                 const std::string& apex, const std::string& name);
    template <class T>
    T wait_for(base::Task<T> task);

    std::uint16_t dns_port_;
    net::EventLoops loops_{1};
    /// Finds answers; does not validate.
    std::unique_ptr<dns::Resolver> resolver_;
    /// Validates; none if there is no trust anchor, for `no_validation_`.
    std::unique_ptr<dns::Resolver> validating_;
    std::string no_validation_;
};

/// The resolvers that this machine uses (resolv.conf(5)), at most three; from `file`.
[[nodiscard]] std::vector<std::string> system_resolvers(
    const std::string& file = "/etc/resolv.conf");

}  // namespace cairn::client::doctor
