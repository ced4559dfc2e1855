#include "apps/va/open_mpic_configuration.h"

#include <set>

#include "net/socket_address.h"
#include "va/open_mpic_response.h"

namespace cairn::apps {

namespace {

constexpr std::size_t most_peers = 31;

OpenMpicConfiguration::Peer read_peer(base::TomlSection section) {
    OpenMpicConfiguration::Peer peer;
    section.take("code", peer.code);
    if (!va::is_open_mpic_code(peer.code))
        section.find("code", "must be 1 to 64 letters, digits and -_.:");
    std::string region;
    section.take("region", region);
    if (const auto found = protocol::internet_registry_from(region))
        peer.region = *found;
    else
        section.find("region", "must be one of " + base::listed(protocol::internet_registry_names));
    peer.endpoint = read_open_mpic_endpoint(section);
    section.report_unknown();
    return peer;
}

void read_peers(base::TomlSection& section, const std::string& own_code,
                std::vector<OpenMpicConfiguration::Peer>& peers) {
    const auto* node = section.node_at("peer");
    const auto* list = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && list == nullptr)
        section.find("peer", "must be written as [[open_mpic.peer]], once for each");
    std::set<std::string> codes{own_code};
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        const auto* table = list->get(i)->as_table();
        if (table == nullptr) {
            section.find("peer", "must be written as [[open_mpic.peer]], once for each");
            return;
        }
        peers.push_back(read_peer(section.section_of(*table, "peer")));
        if (!codes.insert(peers.back().code).second)
            section.find("peer.code", "must not be there twice: " + peers.back().code);
    }
    if (peers.size() > most_peers) section.find("peer", "must not be there more than 31 times");
}

// What a service needs that is served.
void check_service(const base::TomlSection& section, const OpenMpicConfiguration& service) {
    for (const auto& text : service.listen)
        if (const auto address = net::SocketAddress::from_text(text); !address)
            section.find("listen", "must be ADDRESS:PORT; " + address.error().message);
    if (service.certificate_file.empty() || service.key_file.empty())
        section.find("certificate_file", "and key_file must be given: the API is served by https");
    if (service.api_key_file.empty() && service.client_roots_file.empty())
        section.find("api_key_file",
                     "or client_roots_file must be given: nobody is answered who has shown neither "
                     "a key nor a certificate");
}

}  // namespace

OpenMpicConfiguration read_open_mpic(base::TomlSection section, const std::string& own_code) {
    OpenMpicConfiguration service;
    section.take("listen", service.listen);
    section.take("certificate_file", service.certificate_file);
    section.take("key_file", service.key_file);
    section.take("api_key_file", service.api_key_file);
    section.take("client_roots_file", service.client_roots_file);
    section.take("caa_domains", service.caa_domains);
    read_peers(section, own_code, service.peers);
    if (!service.listen.empty()) check_service(section, service);
    section.report_unknown();
    return service;
}

}  // namespace cairn::apps
