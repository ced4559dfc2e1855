#include "dns/zone.h"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/ascii.h"

namespace cairn::dns {
namespace {

namespace asio = boost::asio;

base::Task<NameServer> addresses_of(Resolver& resolver, std::string name,
                                    Resolver::Deadline deadline) {
    NameServer server{.name = name};
    const auto answers = co_await resolver.query_addresses(std::move(name), deadline);
    for (const auto* answer : {&answers.v4, &answers.v6}) {
        if (!*answer) {
            server.fault = answer->error().message;
            continue;
        }
        server.addresses.insert(server.addresses.end(), (*answer)->addresses.begin(),
                                (*answer)->addresses.end());
    }
    if (!server.addresses.empty()) {
        server.fault.clear();
    } else if (server.fault.empty()) {
        server.fault = "it has no address";
    }
    co_return server;
}

base::Task<std::vector<NameServer>> all_addresses(Resolver& resolver,
                                                  std::vector<std::string> names,
                                                  Resolver::Deadline deadline) {
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
    names.resize(std::min(names.size(), max_name_servers));
    const auto executor = co_await asio::this_coro::executor;
    const auto begin = [&](const std::string& name) {
        return asio::co_spawn(executor, addresses_of(resolver, name, deadline), asio::deferred);
    };
    std::vector<decltype(begin(std::string()))> lookups;
    for (const auto& name : names) lookups.push_back(begin(name));
    if (lookups.empty()) co_return std::vector<NameServer>();
    auto [order, faults, servers] =
        co_await asio::experimental::make_parallel_group(std::move(lookups))
            .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    for (const auto& fault : faults)
        if (fault) std::rethrow_exception(fault);
    co_return std::move(servers);
}

}  // namespace

std::string parent_of(std::string_view name) {
    const auto dot = name.find('.');
    return dot == std::string_view::npos ? std::string() : std::string(name.substr(dot + 1));
}

base::Task<base::Result<Zone>> find_zone(Resolver& resolver, std::string name,
                                         Resolver::Deadline deadline) {
    if (name.ends_with('.')) name.pop_back();
    auto apex = net::ascii_lower(name);
    for (std::size_t step = 0; !apex.empty() && step < max_zone_climb; ++step) {
        const auto answer = co_await resolver.query(apex, RecordType::soa, deadline);
        if (!answer) co_return std::unexpected(answer.error());
        // The SOA record at the end of an alias is that of another zone.
        if (answer->soa && answer->canonical_name == apex) {
            const auto servers = co_await resolver.query(apex, RecordType::ns, deadline);
            if (!servers) co_return std::unexpected(servers.error());
            Zone zone{.apex = apex};
            zone.servers = co_await all_addresses(resolver, servers->name_servers, deadline);
            co_return zone;
        }
        apex = parent_of(apex);
    }
    co_return base::fail("no zone was found for " + base::printable(name) +
                         ": no name from it upwards has a SOA record");
}

}  // namespace cairn::dns
