#include "apps/ca/server_limits.h"

#include <algorithm>
#include <thread>

#include <sys/resource.h>

#include "apps/ca/memory.h"
#include "pki/ocsp_request.h"

namespace cairn::apps {
namespace {

// As many descriptors as the system lets us have: one for each connection, and some for ourselves.
std::size_t descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

}  // namespace

http::Limits connection_limits(std::size_t connections, const Configuration& configuration) {
    http::Limits limits;
    limits.connections = connections;
    // Questions to the OCSP responder come over plain http.
    if (configuration.ocsp.enabled) limits.plain_body = pki::OcspRequest::max_size;
    limits.connections_per_client = std::min(configuration.server.connections_per_client,
                                             std::max<std::size_t>(1, limits.connections / 2));
    limits.octets = std::min(limits.octets, memory_allowance() / 4);
    limits.octets_per_client = limits.octets / 8;
    return limits;
}

std::size_t loop_count(const Configuration& configuration) {
    if (configuration.server.threads != 0) return configuration.server.threads;
    return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

DescriptorShares descriptor_shares(const Configuration& configuration) {
    const bool is_shared = !configuration.store.postgres_url.empty();
    return share_descriptors(
        descriptor_limit(),
        is_shared ? configuration.store.connections * loop_count(configuration) : 0,
        configuration.perspectives.size() + configuration.open_mpic.size());
}

}  // namespace cairn::apps
