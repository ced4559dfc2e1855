#include "apps/ca/zone_configuration.h"

#include "net/ascii.h"
#include "net/socket_address.h"

namespace cairn::apps {

namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::size_t most_servers = 10;

void check_servers(const base::TomlSection& section, const std::string& key,
                   const std::vector<std::string>& servers) {
    for (const auto& text : servers) {
        const auto server = net::SocketAddress::from_text(text, dns_port);
        if (!server)
            section.find(key, "must be addresses of name servers; " + server.error().message);
    }
    if (servers.size() > most_servers) section.find(key, "must name at most 10");
}

void read_zone(base::TomlSection section, Configuration::Validation::Zone& zone) {
    section.take("forward", zone.forward);
    section.take("stub", zone.stub);
    section.take("dnssec", zone.dnssec);
    section.take("trust_anchor_file", zone.trust_anchor_file);
    check_servers(section, "forward", zone.forward);
    check_servers(section, "stub", zone.stub);
    if (zone.forward.empty() == zone.stub.empty())
        section.find("forward",
                     "(servers that resolve the zone for the CA) or stub (servers that have the "
                     "zone): one of the two must name servers");
    if (!zone.dnssec && !zone.trust_anchor_file.empty())
        section.find("trust_anchor_file", "must not stand beside dnssec = false");
    section.report_unknown();
}

// Also a top-level domain of the network's own, and names of services.
bool is_zone(std::string_view name) {
    if (name.empty() || name.size() > 253 || name.starts_with('.') || name.contains(".."))
        return false;
    return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
               std::string_view::npos &&
           !name.ends_with('.');
}

}  // namespace

void read_zones(base::TomlSection section, std::vector<Configuration::Validation::Zone>& zones) {
    for (const auto& key : section.keys()) {
        Configuration::Validation::Zone zone{.name = net::ascii_lower(key)};
        if (!is_zone(zone.name))
            section.find(key, "must be the name of a zone, without a final dot");
        read_zone(section.section(key), zone);
        zones.push_back(std::move(zone));
    }
    section.report_unknown();
}

}  // namespace cairn::apps
