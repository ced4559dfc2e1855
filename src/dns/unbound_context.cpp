#include "dns/unbound_context.h"

#include <array>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <string>

#include "net/socket_address.h"

namespace cairn::dns {
namespace {

constexpr const char* packaged_trust_anchor = "/usr/share/dns/root.key";
constexpr const char* packaged_root_hints = "/usr/share/dns/root.hints";
constexpr std::uint16_t default_port = 53;
/// Networks that no name server of the public internet is in. libunbound refuses loopback by
/// default.
constexpr std::array internal_networks{"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16",
                                       "169.254.0.0/16", "100.64.0.0/10", "fc00::/7",
                                       "fe80::/10"};

/// Held while a context is made or deleted, which also touches locks that all contexts share.
std::mutex& common_locks() {
    static std::mutex mutex;
    return mutex;
}

void require(int error, const std::string& what) {
    if (error != 0) throw std::runtime_error("libunbound: " + what + ": " + ub_strerror(error));
}

}  // namespace

void delete_unbound_context(ub_ctx* context) {
    const std::scoped_lock lock(common_locks());
    ub_ctx_delete(context);
}

UnboundContext make_unbound_context(const ResolverOptions& options) {
    UnboundContext context;
    const std::scoped_lock lock(common_locks());  // released before a failed context is deleted
    context.reset(ub_ctx_create());
    if (!context) throw std::runtime_error("libunbound: no context can be made");
    // libunbound would write to standard error, and block there if nobody reads it.
    require(ub_ctx_debugout(context.get(), nullptr), "debug output");
    const auto set = [&](const char* name, const char* value) {
        require(ub_ctx_set_option(context.get(), name, value), std::string(name) + " " + value);
    };
    set("module-config:", options.dnssec ? "validator iterator" : "iterator");
    // Each validation sees the present state: answers are not cached.
    set("cache-max-ttl:", "0");
    set("cache-max-negative-ttl:", "0");
    set("val-bogus-ttl:", "0");
    set("aggressive-nsec:", "no");
    for (const char* cache : {"msg", "rrset", "key", "infra"}) {
        set((std::string(cache) + "-cache-slabs:").c_str(), "1");
    }
    for (const char* cache : {"msg", "rrset", "key", "neg"}) {
        set((std::string(cache) + "-cache-size:").c_str(), "1m");
    }
    // A server that was down is asked again.
    set("infra-keep-probing:", "yes");
    // Room for many validations at once.
    set("outgoing-range:", "4096");
    set("num-queries-per-thread:", "4096");
    set("outgoing-num-tcp:", "64");

    for (const std::string& text : options.servers) {
        const auto server = net::SocketAddress::from_text(text, default_port);
        if (!server) throw std::runtime_error("DNS server " + server.error().message);
        const std::string address =
            server->address.to_string() + "@" + std::to_string(server->port);
        require(ub_ctx_set_fwd(context.get(), address.c_str()), "forwarder " + text);
    }
    if (options.servers.empty()) {
        if (!options.root_hints_file.empty()) {
            set("root-hints:", options.root_hints_file.c_str());
            set("do-not-query-localhost:", "no");
        } else {
            if (std::filesystem::exists(packaged_root_hints)) {
                set("root-hints:", packaged_root_hints);
            }
            // A zone on the public internet must not direct our queries into our own network.
            for (const char* network : internal_networks) {
                set("do-not-query-address:", network);
            }
        }
    } else {
        set("do-not-query-localhost:", "no");
        // Zones that libunbound answers by itself, although the forwarders may have them.
        set("unblock-lan-zones:", "yes");
        set("insecure-lan-zones:", "yes");
    }
    if (options.dnssec) {
        const std::string file =
            options.trust_anchor_file.empty() ? packaged_trust_anchor : options.trust_anchor_file;
        if (!std::filesystem::exists(file)) {
            throw std::runtime_error("the DNSSEC trust anchor " + file + " does not exist");
        }
        require(ub_ctx_add_ta_file(context.get(), file.c_str()), "trust anchor " + file);
    }
    require(ub_ctx_async(context.get(), 1), "thread");
    // Removing a zone also makes libunbound read its files and report their errors.
    for (const char* zone : {"test.", "invalid.", "home.arpa."}) {
        require(ub_ctx_zone_remove(context.get(), zone),
                "trust anchor, root hints or local zone " + std::string(zone));
    }
    return context;
}

}  // namespace cairn::dns
