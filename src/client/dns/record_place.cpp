#include "client/dns/record_place.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "client/failure.h"
#include "net/ascii.h"

namespace cairn::client {
namespace {

using dns::RecordType;
using dns::Recursion;

constexpr base::Milliseconds server_patience{4500};
constexpr std::uint16_t dns_port = 53;
constexpr std::size_t max_resolvers = 3;
constexpr std::size_t max_aliases = 10;
constexpr std::size_t max_delegations = 10;
constexpr std::size_t max_servers = 26;
constexpr int no_such_name = 3;
constexpr int max_failures = 2;

const dns::ResourceRecord* record_of(const std::vector<dns::ResourceRecord>& records,
                                     RecordType type, std::string_view owner) {
    const auto found = std::ranges::find_if(records, [&](const dns::ResourceRecord& record) {
        return record.type == type && record.owner == owner;
    });
    return found == records.end() ? nullptr : &*found;
}

/// The zone whose SOA record says that a name is not there, or has no such record.
const dns::ResourceRecord* denying_soa(const dns::Response& response, std::string_view name) {
    const auto found =
        std::ranges::find_if(response.authorities, [&](const dns::ResourceRecord& record) {
            return record.type == RecordType::soa && is_within(name, record.owner);
        });
    return found == response.authorities.end() ? nullptr : &*found;
}

/// Where a server that has no authority over the name sends one, below `zone`.
const dns::ResourceRecord* referral(const dns::Response& response, std::string_view name,
                                    std::string_view zone) {
    if (response.is_authoritative) return nullptr;
    const auto found =
        std::ranges::find_if(response.authorities, [&](const dns::ResourceRecord& record) {
            return record.type == RecordType::ns && is_within(name, record.owner) &&
                   record.owner.size() > zone.size();
        });
    return found == response.authorities.end() ? nullptr : &*found;
}

std::string parent_of(std::string_view name) {
    const auto dot = name.find('.');
    return dot == std::string_view::npos ? std::string() : std::string(name.substr(dot + 1));
}

bool is_loopback(const base::IpAddress& address) {
    const auto text = address.to_string();
    return text.starts_with("127.") || text == "::1";
}

Aim aim_of(const std::string& name) {
    return {fmt::format("find the zone of {}", name), Phase::challenge};
}

}  // namespace

bool is_within(std::string_view name, std::string_view zone) {
    if (zone.empty()) return true;
    return name == zone || (name.size() > zone.size() && name.ends_with(zone) &&
                            name[name.size() - zone.size() - 1] == '.');
}

AskServer ask_over_network() {
    return [](const net::SocketAddress& server, std::string_view name, RecordType type,
              Recursion recursion) {
        return dns::ask_server(server, name, type, recursion, server_patience);
    };
}

std::string ZoneServer::text() const {
    return address.port == dns_port ? fmt::format("{} ({})", name, address.address.to_string())
                                    : fmt::format("{} ({})", name, address.to_string());
}

std::vector<net::SocketAddress> system_resolvers(const std::string& file) {
    std::vector<net::SocketAddress> resolvers;
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line) && resolvers.size() < max_resolvers;) {
        constexpr std::string_view word = "nameserver";
        if (!line.starts_with(word)) continue;
        const auto start = line.find_first_not_of(" \t", word.size());
        if (start == std::string::npos || start == word.size()) continue;
        auto text = line.substr(start, line.find_first_of(" \t#;", start) - start);
        // A scope belongs to a link, which no port of ours names.
        if (const auto address = net::SocketAddress::from_text(text, dns_port))
            resolvers.push_back(*address);
    }
    return resolvers;
}

/// What is known of a name: the zone and its servers, or the name that it stands for.
struct RecordPlaces::Step {
    std::string zone;
    std::vector<ZoneServer> servers{};
    std::string alias{};
};

RecordPlaces::RecordPlaces(Options options, AskServer ask)
    : options_(std::move(options)), ask_(std::move(ask)) {}

RecordPlace RecordPlaces::find(const std::string& name) const {
    auto target = net::ascii_lower(name);
    std::set<std::string> seen;
    for (std::size_t links = 0; links <= max_aliases; ++links) {
        if (!seen.insert(target).second)
            throw Failure(
                aim_of(name),
                fmt::format("the aliases from it lead in a circle, by {}", base::printable(target)),
                "mend the CNAME records.");
        auto found = step(target);
        if (found.alias.empty())
            return {std::move(target), std::move(found.zone), std::move(found.servers)};
        target = net::ascii_lower(found.alias);
    }
    throw Failure(aim_of(name), fmt::format("more than {} aliases follow each other", max_aliases),
                  "mend the CNAME records.");
}

RecordPlaces::Step RecordPlaces::step(const std::string& name) const {
    if (auto found = by_authority(name)) return std::move(*found);
    return descend(name, zone_by_resolver(name));
}

/// What the provider's own server says, if it has authority over the name.
std::optional<RecordPlaces::Step> RecordPlaces::by_authority(const std::string& name) const {
    if (!options_.authority) return std::nullopt;
    const auto response = ask_(*options_.authority, name, RecordType::soa, Recursion::none);
    if (!response || !response->is_authoritative) return std::nullopt;
    Step found;
    const auto* alias = record_of(response->answers, RecordType::cname, name);
    if (alias != nullptr && !is_of_wildcard(*options_.authority, name, alias->text))
        return Step{.zone = {}, .alias = alias->text};
    if (alias != nullptr)
        found.zone = zone_above(*options_.authority, name);
    else if (record_of(response->answers, RecordType::soa, name) != nullptr)
        found.zone = name;
    else if (const auto* soa = denying_soa(*response, name))
        found.zone = soa->owner;
    if (found.zone.empty()) return std::nullopt;
    const auto servers = ask_(*options_.authority, found.zone, RecordType::ns, Recursion::none);
    if (servers) found.servers = servers_of(found.zone, *servers);
    return found;
}

/// From the servers of a zone that the name is in, down to those that have authority over it.
RecordPlaces::Step RecordPlaces::descend(const std::string& name, std::string zone) const {
    Step found{.zone = std::move(zone)};
    found.servers = servers_of(found.zone);
    for (std::size_t depth = 0; depth <= max_delegations; ++depth) {
        std::optional<dns::Response> response;
        std::optional<net::SocketAddress> answering;
        for (const auto& server : found.servers) {
            auto answer = ask_(server.address, name, RecordType::soa, Recursion::none);
            if (!answer) continue;
            const bool is_of_use =
                (answer->is_authoritative &&
                 (answer->response_code == 0 || answer->response_code == no_such_name)) ||
                referral(*answer, name, found.zone) != nullptr;
            if (!is_of_use) continue;
            response = std::move(*answer);
            answering = server.address;
            break;
        }
        if (!response) break;
        if (const auto* below = referral(*response, name, found.zone)) {
            found.zone = below->owner;
            found.servers = servers_of(found.zone, *response);
            continue;
        }
        const auto* alias = record_of(response->answers, RecordType::cname, name);
        if (alias != nullptr && !is_of_wildcard(*answering, name, alias->text))
            found.alias = alias->text;
        else if (alias != nullptr) {
            if (auto above = zone_above(*answering, name); !above.empty())
                found.zone = std::move(above);
        } else if (record_of(response->answers, RecordType::soa, name) != nullptr)
            found.zone = name;
        else if (const auto* soa = denying_soa(*response, name))
            found.zone = soa->owner;
        return found;
    }
    // No server of the zone can be asked from here: the resolvers have to be believed.
    if (const auto response = resolve(name, RecordType::cname))
        if (const auto* alias = record_of(response->answers, RecordType::cname, name))
            found.alias = alias->text;
    return found;
}

bool RecordPlaces::is_of_wildcard(const net::SocketAddress& server, const std::string& name,
                                  const std::string& target) const {
    // Nobody has a record of this name. A DNAME would lead each name elsewhere.
    const auto sibling = "_cairn-looks-for-wildcards." + parent_of(name);
    const auto response = ask_(server, sibling, RecordType::soa, Recursion::none);
    if (!response) return false;
    const auto* alias = record_of(response->answers, RecordType::cname, sibling);
    return alias != nullptr && alias->text == target;
}

std::string RecordPlaces::zone_above(const net::SocketAddress& server,
                                     const std::string& name) const {
    for (auto suffix = parent_of(name); !suffix.empty(); suffix = parent_of(suffix)) {
        const auto response = ask_(server, suffix, RecordType::soa, Recursion::none);
        if (!response || !response->is_authoritative) continue;
        if (record_of(response->answers, RecordType::soa, suffix) != nullptr) return suffix;
        if (!response->answers.empty()) continue;
        if (const auto* soa = denying_soa(*response, suffix)) return soa->owner;
    }
    return {};
}

std::string RecordPlaces::zone_by_resolver(const std::string& name) const {
    std::string last_error;
    int failures = 0;
    // The record itself is not asked for: a resolver would keep in mind that it is not there.
    for (auto suffix = parent_of(name); !suffix.empty(); suffix = parent_of(suffix)) {
        const auto response = resolve(suffix, RecordType::soa);
        if (!response) {
            last_error = response.error().message;
            // Resolvers that answer nothing are not asked label by label.
            if (++failures == max_failures) break;
            continue;
        }
        if (record_of(response->answers, RecordType::soa, suffix) != nullptr) return suffix;
        // What stands behind an alias is another zone.
        if (!response->answers.empty()) continue;
        if (const auto* soa = denying_soa(*response, suffix); soa != nullptr && !soa->owner.empty())
            return soa->owner;
    }
    throw Failure(aim_of(name),
                  last_error.empty() ? "no name from it upwards has a SOA record" : last_error,
                  "is the name right? --resolver ADDR names a resolver that knows it.");
}

base::Result<dns::Response> RecordPlaces::resolve(std::string_view name, RecordType type) const {
    std::string errors;
    for (const auto& resolver : options_.resolvers) {
        auto response = ask_(resolver, name, type, Recursion::desired);
        std::string reason;
        if (!response)
            reason = response.error().message;
        else if (response->response_code != 0 && response->response_code != no_such_name)
            reason = dns::response_code_text(response->response_code);
        else
            return std::move(*response);
        errors += fmt::format("{}the resolver {} says of {} {}: {}", errors.empty() ? "" : "; ",
                              resolver.to_string(), name, dns::to_string(type), reason);
    }
    if (errors.empty()) errors = "there is no resolver to ask: /etc/resolv.conf names none";
    return base::fail(errors);
}

std::vector<ZoneServer> RecordPlaces::servers_of(const std::string& zone) const {
    const auto response = resolve(zone, RecordType::ns);
    if (!response) return {};
    return servers_of(zone, *response);
}

std::vector<ZoneServer> RecordPlaces::servers_of(const std::string& zone,
                                                 const dns::Response& response) const {
    std::set<std::string> names;
    for (const auto* section : {&response.answers, &response.authorities})
        for (const auto& record : *section)
            if (record.type == RecordType::ns && record.owner == zone) names.insert(record.text);
    std::vector<ZoneServer> servers;
    for (const auto& name : names) add_addresses(servers, name, &response);
    while (servers.size() > max_servers) servers.pop_back();
    return servers;
}

void RecordPlaces::add_addresses(std::vector<ZoneServer>& servers, const std::string& name,
                                 const dns::Response* glue) const {
    const auto take = [&](const std::vector<dns::ResourceRecord>& records, bool is_own) {
        bool found = false;
        for (const auto& record : records) {
            if (record.type != RecordType::a && record.type != RecordType::aaaa) continue;
            // In an answer the addresses stand at the end of an alias; in glue by name.
            if (!is_own && record.owner != name) continue;
            const auto address = base::IpAddress::from_text(record.text);
            if (!address) continue;
            servers.push_back({name, {*address, port_of(*address)}});
            found = true;
        }
        return found;
    };
    if (glue != nullptr && take(glue->additionals, false)) return;
    for (const auto type : {RecordType::a, RecordType::aaaa}) {
        std::optional<dns::Response> response;
        if (options_.authority) {
            auto answer = ask_(*options_.authority, name, type, Recursion::none);
            if (answer && answer->is_authoritative) response = std::move(*answer);
        }
        if (!response)
            if (auto answer = resolve(name, type)) response = std::move(*answer);
        if (response) static_cast<void>(take(response->answers, true));
    }
}

std::uint16_t RecordPlaces::port_of(const base::IpAddress& address) const {
    if (options_.port) return *options_.port;
    if (options_.authority && options_.authority->address == address)
        return options_.authority->port;
    // A zone that is served at loopback is a set-up of one machine, with its ports.
    if (is_loopback(address)) {
        if (options_.authority && is_loopback(options_.authority->address))
            return options_.authority->port;
        if (!options_.resolvers.empty()) return options_.resolvers.front().port;
    }
    return dns_port;
}

}  // namespace cairn::client
