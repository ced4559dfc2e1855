#include "net/resolver.h"

namespace cairn::net {

std::unique_ptr<Resolver> make_resolver(const base::Executor& executor,
                                        const ResolverOptions& options) {
    if (!options.dnssec && !options.servers.empty()) return make_stub_resolver(options);
    return make_unbound_resolver(executor, options);
}

}  // namespace cairn::net
