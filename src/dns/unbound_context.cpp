#include "dns/unbound_context.h"

#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "dns/message.h"
#include "dns/query_exclusions.h"
#include "net/socket_address.h"

namespace cairn::dns {
namespace {

constexpr const char* packaged_trust_anchor = "/usr/share/dns/root.key";
constexpr const char* packaged_root_hints = "/usr/share/dns/root.hints";
constexpr std::uint16_t default_port = 53;
/// Held while a context is made or deleted, which also touches locks that all contexts share.
std::mutex& common_locks() {
    static std::mutex mutex;
    return mutex;
}

void require(int error, const std::string& what) {
    if (error != 0) throw std::runtime_error("libunbound: " + what + ": " + ub_strerror(error));
}

net::SocketAddress server_from(const std::string& text) {
    const auto server = net::SocketAddress::from_text(text, default_port);
    if (!server) throw std::runtime_error("DNS server " + server.error().message);
    return *server;
}

/// As libunbound writes it: "192.0.2.53@53".
std::string unbound_text(const net::SocketAddress& server) {
    return server.address.to_string() + "@" + std::to_string(server.port);
}

/// All that the operator names.
std::vector<base::IpAddress> named_servers(const ResolverOptions& options) {
    std::vector<base::IpAddress> addresses;
    for (const auto& text : options.servers) addresses.push_back(server_from(text).address);
    for (const auto& zone : options.zones)
        for (const auto& text : zone.servers) addresses.push_back(server_from(text).address);
    return addresses;
}

/// What libunbound takes in a file alone. A name cannot leave its quotes.
std::string file_of(const std::vector<ResolverZone>& zones) {
    std::string text;
    for (const auto& zone : zones) {
        if (!make_query(0, zone.name, RecordType::soa) ||
            zone.name.find_first_of("\"\\") != std::string::npos)
            throw std::runtime_error("the zone \"" + base::printable(zone.name) + "\" is no name");
        const bool is_stub = zone.kind == ResolverZone::Kind::stub;
        if (!zone.dnssec) text += "server:\n  domain-insecure: \"" + zone.name + "\"\n";
        text += is_stub ? "stub-zone:\n" : "forward-zone:\n";
        text += "  name: \"" + zone.name + "\"\n";
        for (const auto& server : zone.servers)
            text += (is_stub ? "  stub-addr: " : "  forward-addr: ") +
                    unbound_text(server_from(server)) + "\n";
    }
    return text;
}

/// Has libunbound read `text` as its file, which is nowhere on a disk.
void configure(ub_ctx* context, const std::string& text) {
    const int file = ::memfd_create("resolver zones", MFD_CLOEXEC);
    if (file < 0) throw std::runtime_error("libunbound: no file in memory can be made");
    const bool is_written = ::write(file, text.data(), text.size()) == std::ssize(text);
    const auto path = "/proc/self/fd/" + std::to_string(file);
    const int error = is_written ? ub_ctx_config(context, path.c_str()) : UB_NOMEM;
    ::close(file);
    require(error, "validation.zones");
}

void add_trust_anchor(ub_ctx* context, const std::string& file) {
    if (!std::filesystem::exists(file))
        throw std::runtime_error("the DNSSEC trust anchor " + file + " does not exist");
    require(ub_ctx_add_ta_file(context, file.c_str()), "trust anchor " + file);
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

    // Guesses of an answer have to hit the case of the letters as well
    // (draft-vixie-dnsext-dns0x20).
    set("use-caps-for-id:", "yes");

    for (const auto& text : options.servers)
        require(ub_ctx_set_fwd(context.get(), unbound_text(server_from(text)).c_str()),
                "forwarder " + text);
    if (!options.zones.empty()) configure(context.get(), file_of(options.zones));
    set("do-not-query-localhost:", "no");  // it is among the following
    const bool has_own_roots = options.servers.empty() && !options.root_hints_file.empty();
    if (!has_own_roots)
        for (const auto& network :
             networks_not_to_ask(options.ask_networks, named_servers(options)))
            set("do-not-query-address:", network.c_str());
    if (has_own_roots)
        set("root-hints:", options.root_hints_file.c_str());
    else if (options.servers.empty() && std::filesystem::exists(packaged_root_hints))
        set("root-hints:", packaged_root_hints);
    if (!options.servers.empty() || !options.zones.empty()) {
        // Zones that libunbound answers by itself, although the servers may have them.
        set("unblock-lan-zones:", "yes");
        set("insecure-lan-zones:", "yes");
    }
    if (options.dnssec) {
        add_trust_anchor(context.get(), options.trust_anchor_file.empty()
                                            ? packaged_trust_anchor
                                            : options.trust_anchor_file);
        for (const auto& zone : options.zones)
            if (!zone.trust_anchor_file.empty())
                add_trust_anchor(context.get(), zone.trust_anchor_file);
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
