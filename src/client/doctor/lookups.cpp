#include "client/doctor/lookups.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "base/shortage.h"
#include "client/durable_file.h"
#include "client/side_by_side.h"
#include "dns/authority.h"

namespace cairn::client::doctor {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds patience{5};
constexpr std::size_t at_a_time = 16;
/// Addresses of a zone's servers that are asked.
constexpr std::size_t max_places = 24;

dns::Resolver::Deadline deadline() {
    return steady_clock::now() + patience;
}

}  // namespace

template <class T>
T Lookups::wait_for(base::Task<T> task) {
    return boost::asio::co_spawn(loops_.executor(0), std::move(task), boost::asio::use_future)
        .get();
}

Lookups::Lookups(const LookupOptions& options) : dns_port_(options.dns_port) {
    dns::ResolverOptions plain{.servers = options.resolvers, .dnssec = false, .timeout = patience};
    resolver_ = dns::make_resolver(loops_.executor(0), plain);
    plain.dnssec = true;
    plain.trust_anchor_file = options.trust_anchor_file;
    try {
        validating_ = dns::make_resolver(loops_.executor(0), plain);
    } catch (const std::runtime_error& error) {
        if (!options.trust_anchor_file.empty()) throw;
        no_validation_ = error.what();
    }
}

Lookups::~Lookups() = default;

base::Result<dns::Answer> Lookups::query(const std::string& name, dns::RecordType type) {
    try {
        return wait_for(resolver_->query(name, type, deadline()));
    } catch (const base::Shortage& shortage) {
        return base::fail(shortage.what());
    }
}

Resolution Lookups::resolve(const std::string& name) {
    Resolution seen{base::fail({}), base::fail({})};
    side_by_side(2, 2, [&](std::size_t number) {
        if (number == 0)
            seen.v4 = query(name, dns::RecordType::a);
        else
            seen.v6 = query(name, dns::RecordType::aaaa);
    });
    return seen;
}

base::Result<dns::CaaSet> Lookups::find_caa_set(const std::string& name) {
    try {
        return wait_for(dns::find_caa_set(*resolver_, name, deadline()));
    } catch (const base::Shortage& shortage) {
        return base::fail(shortage.what());
    }
}

ServerView Lookups::ask(const std::string& server, const base::IpAddress& address,
                        const std::string& apex, const std::string& name) {
    ServerView view{server, address, base::fail({}), base::fail({}), base::fail({})};
    const auto one = [&](const std::string& asked, dns::RecordType type) {
        try {
            return wait_for(dns::ask_authority({address, dns_port_}, asked, type, deadline()));
        } catch (const base::Shortage& shortage) {
            return base::Result<dns::Answer>(base::fail(shortage.what()));
        }
    };
    side_by_side(3, 3, [&](std::size_t number) {
        if (number == 0) view.start_of_authority = one(apex, dns::RecordType::soa);
        if (number == 1) view.v4 = one(name, dns::RecordType::a);
        if (number == 2) view.v6 = one(name, dns::RecordType::aaaa);
    });
    return view;
}

ZoneView Lookups::look_at_zone(const std::string& name) {
    ZoneView seen{base::fail({})};
    try {
        seen.zone = wait_for(dns::find_zone(*resolver_, name, deadline()));
    } catch (const base::Shortage& shortage) {
        seen.zone = base::fail(shortage.what());
    }
    if (!seen.zone) return seen;
    std::vector<std::pair<std::string, base::IpAddress>> places;
    for (const auto& server : seen.zone->servers)
        for (const auto& address : server.addresses)
            if (places.size() < max_places) places.emplace_back(server.name, address);
    std::vector<std::optional<ServerView>> views(places.size());
    side_by_side(places.size(), at_a_time, [&](std::size_t number) {
        views[number] = ask(places[number].first, places[number].second, seen.zone->apex, name);
    });
    for (auto& view : views) seen.servers.push_back(std::move(*view));
    return seen;
}

base::Result<dns::Answer> Lookups::query_validated(const std::string& name) {
    try {
        return wait_for(validating_->query(name, dns::RecordType::a, deadline()));
    } catch (const base::Shortage& shortage) {
        return base::fail(shortage.what());
    }
}

DnssecView Lookups::look_at_dnssec(const std::string& name) {
    using State = DnssecView::State;
    if (!validating_) return {State::unknown, no_validation_};
    const auto answer = query_validated(name);
    if (answer) return {answer->is_secure ? State::secure : State::insecure, {}};
    const auto& reason = answer.error().message;
    if (reason.find("DNSSEC") == std::string::npos) return {State::unknown, reason};
    // A resolver that does not lead to the root and its keys makes everything bogus, also that a
    // top-level domain does not exist. That is no fault of the zone.
    const auto of_root = query_validated("no-such-domain-for-cairn");
    if (!of_root) return {State::unknown, of_root.error().message};
    return {State::bogus, reason};
}

std::vector<std::string> system_resolvers(const std::string& file) {
    constexpr std::size_t largest = 65536;
    constexpr std::size_t most = 3;  // MAXNS of resolv.conf(5)
    constexpr std::string_view word = "nameserver";
    const auto text = read_file(file, largest);
    std::vector<std::string> servers;
    if (!text) return servers;
    std::string_view rest = *text;
    while (!rest.empty() && servers.size() < most) {
        const auto end = rest.find('\n');
        auto line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (!line.starts_with(word)) continue;
        line.remove_prefix(word.size());
        const auto first = line.find_first_not_of(" \t");
        if (first == 0 || first == std::string_view::npos) continue;
        line.remove_prefix(first);
        line = line.substr(0, line.find_first_of(" \t\r#;"));
        if (base::IpAddress::from_lenient_text(line)) servers.emplace_back(line);
    }
    return servers;
}

}  // namespace cairn::client::doctor
