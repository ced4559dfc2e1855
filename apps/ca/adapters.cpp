#include "apps/ca/adapters.h"

#include <array>

#include <unistd.h>

#include "apps/ca/device_signer.h"
#include "apps/ca/public_demands.h"
#include "apps/perspective/network_validator.h"
#include "ca/work/key_signer.h"
#include "net/socket_address.h"
#include "store/sqlite/store.h"

namespace cairn::apps {

namespace {

// As the operator knows this node among others.
std::string node_name(const Configuration& configuration) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    return std::string(host.data()) + " " + configuration.server.listen.front();
}

OpenedStore open_shared(const Configuration::Store& store, std::string name, StoreContext context) {
    store::PostgresOptions options;
    options.url = store.postgres_url;
    options.schema = store.schema;
    options.connections = store.connections;
    options.node_name = std::move(name);
    options.on_change = std::move(context.on_change);
    options.on_reload = std::move(context.on_reload);
    auto shared =
        store::open_postgres_store(options, context.executors, context.log, context.observer);
    OpenedStore opened;
    opened.shared = shared.get();
    opened.nonces = &shared->nonces();
    opened.checks = &shared->checks();
    opened.repository = std::move(shared);
    return opened;
}

}  // namespace

OpenedStore Adapters::open_store(const Configuration& configuration,
                                 const std::filesystem::path& folder, StoreContext context) const {
    if (!configuration.store.postgres_url.empty())
        return open_shared(configuration.store, node_name(configuration), std::move(context));
    const auto path = folder / configuration.store.sqlite_path;
    std::filesystem::create_directories(path.parent_path());
    OpenedStore opened;
    opened.repository =
        store::open_sqlite_store({.path = path.string()}, context.log, context.observer);
    opened.own_nonces = std::make_unique<ca::LocalNonces>(context.random);
    opened.own_checks =
        std::make_unique<ca::LocalRequestChecks>(*opened.own_nonces, *opened.repository);
    opened.nonces = opened.own_nonces.get();
    opened.checks = opened.own_checks.get();
    return opened;
}

dns::ResolverOptions resolver_options(const Configuration& configuration) {
    const auto& validation = configuration.validation;
    dns::ResolverOptions options{.servers = validation.dns_servers,
                                 .dnssec = validation.dnssec,
                                 .timeout = validation.timeout / 2,
                                 .trust_anchor_file = validation.dns_trust_anchor_file,
                                 .root_hints_file = validation.dns_root_hints_file,
                                 .ask_networks = validation.allow_networks};
    for (const auto& zone : validation.zones) {
        const bool is_stub = !zone.stub.empty();
        options.zones.push_back(
            {.name = zone.name,
             .kind = is_stub ? dns::ResolverZone::Kind::stub : dns::ResolverZone::Kind::forward,
             .servers = is_stub ? zone.stub : zone.forward,
             .dnssec = zone.dnssec,
             .trust_anchor_file = zone.trust_anchor_file});
    }
    return options;
}

namespace {

// Where this CA itself listens.
std::vector<va::OwnListener> own_listeners(const Configuration& configuration) {
    auto texts = configuration.server.listen;
    if (!configuration.server.admin_listen.empty())
        texts.push_back(configuration.server.admin_listen);
    std::vector<va::OwnListener> listeners;
    for (const auto& text : texts)
        if (const auto listener = net::SocketAddress::from_text(text))
            listeners.push_back({listener->address, listener->port});
    return listeners;
}

}  // namespace

va::Settings validation_settings(const Configuration& configuration) {
    const auto& validation = configuration.validation;
    return {.http_port = validation.http_port,
            .https_port = validation.https_port,
            .tls_alpn_port = validation.tls_alpn_port,
            .egress = va::EgressPolicy(validation.allow_networks, own_listeners(configuration)),
            .deadline = validation.timeout};
}

std::unique_ptr<ca::Validator> Adapters::make_validator(
    const Configuration& configuration, const std::function<base::Executor()>& next_executor,
    const base::Clock& clock) const {
    return std::make_unique<NetworkValidator>(
        validation_settings(configuration),
        dns::make_resolver(next_executor(), resolver_options(configuration)), clock);
}

std::unique_ptr<ca::Signer> Adapters::make_signer(std::unique_ptr<ca::SigningKey> key,
                                                  const base::Executor& slow_signing) const {
    if (key->place() == ca::Signer::Place::outside)
        return std::make_unique<DeviceSigner>(std::move(key));
    return std::make_unique<ca::KeySigner>(std::move(key), slow_signing);
}

std::vector<std::string> Adapters::missing_for_public(const Configuration& configuration,
                                                      base::Time now) const {
    return apps::missing_for_public(configuration, now);
}

}  // namespace cairn::apps
