#include "dns/resolver.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace cairn::dns {

base::Task<Resolver::AddressAnswers> Resolver::query_addresses(std::string name,
                                                               Deadline deadline) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto [v6, v4] =
        co_await (query(name, RecordType::aaaa, deadline) && query(name, RecordType::a, deadline));
    AddressAnswers answers{.v6 = std::move(v6), .v4 = std::move(v4)};
    co_return answers;
}

std::unique_ptr<Resolver> make_resolver(const base::Executor& executor,
                                        const ResolverOptions& options) {
    if (!options.dnssec && !options.servers.empty() && options.zones.empty())
        return make_stub_resolver(options);
    return make_unbound_resolver(executor, options);
}

}  // namespace cairn::dns
