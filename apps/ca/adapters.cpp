#include "apps/ca/adapters.h"

#include "apps/ca/network_validator.h"
#include "ca/key_signer.h"
#include "store/sqlite_store.h"

namespace cairn::apps {

std::unique_ptr<ca::Repository> Adapters::open_store(const Configuration& configuration,
                                                     const std::filesystem::path& folder,
                                                     base::Log& log, ca::Observer& observer) const {
    const auto path = folder / configuration.store.sqlite_path;
    std::filesystem::create_directories(path.parent_path());
    return store::open_sqlite_store({.path = path.string()}, log, observer);
}

std::unique_ptr<ca::Validator> Adapters::make_validator(
    const Configuration& configuration,
    const std::function<base::Executor()>& next_executor) const {
    const auto& validation = configuration.validation;
    net::ResolverOptions options{.servers = validation.dns_servers,
                                 .dnssec = validation.dnssec,
                                 .timeout = validation.timeout / 2,
                                 .trust_anchor_file = validation.dns_trust_anchor_file,
                                 .root_hints_file = validation.dns_root_hints_file};
    va::Settings settings{.http_port = validation.http_port,
                          .https_port = validation.https_port,
                          .tls_alpn_port = validation.tls_alpn_port,
                          .egress = va::EgressPolicy(validation.allow_networks),
                          .deadline = validation.timeout};
    return std::make_unique<NetworkValidator>(std::move(settings),
                                              net::make_resolver(next_executor(), options));
}

std::unique_ptr<ca::Signer> Adapters::make_signer(crypto::PrivateKey key,
                                                  const base::Executor& slow_signing) const {
    return std::make_unique<ca::KeySigner>(std::move(key), slow_signing);
}

}  // namespace cairn::apps
