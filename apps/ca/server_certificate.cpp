#include "apps/ca/server_certificate.h"

#include <algorithm>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "apps/ca/files.h"
#include "net/url.h"
#include "pki/chain.h"

namespace cairn::apps {

namespace {

constexpr base::Seconds server_certificate_life = std::chrono::days(30);

std::vector<protocol::Identifier> names_of(const Configuration& configuration) {
    const auto url = *net::Url::from_text(configuration.server.public_url);
    std::vector<std::string> hosts{url.host()};
    hosts.insert(hosts.end(), configuration.server.hosts.begin(), configuration.server.hosts.end());
    // Who runs a CA on the loopback reaches it by address as well.
    if (std::ranges::find(hosts, "localhost") != hosts.end())
        hosts.insert(hosts.end(), {"127.0.0.1", "::1"});

    std::vector<protocol::Identifier> names;
    for (const auto& host : hosts) {
        const auto address = base::IpAddress::from_lenient_text(host);
        const auto name =
            address ? protocol::Identifier::of(*address) : protocol::Identifier::dns(host);
        if (!name)
            throw std::runtime_error("server.hosts: \"" + base::printable(host) +
                                     "\" is neither a name nor an address");
        if (std::ranges::find(names, *name) == names.end()) names.push_back(std::move(*name));
    }
    return names;
}

bool has_names(const pki::Certificate& certificate,
               const std::vector<protocol::Identifier>& wanted) {
    std::vector<protocol::Identifier> held;
    for (const auto& name : certificate.names().dns_names) {
        if (auto identifier = protocol::Identifier::dns(name)) held.push_back(*identifier);
    }
    for (const auto& address : certificate.names().ip_addresses)
        held.push_back(protocol::Identifier::of(address));
    return std::ranges::is_permutation(held, wanted);
}

base::Time renewal_time(const pki::Certificate& certificate) {
    return certificate.not_after() - (certificate.not_after() - certificate.not_before()) / 3;
}

// Whether a certificate for this key issued now would have the same issuer.
bool is_of_present_issuer(const pki::Certificate& issuer, const crypto::PrivateKey& key,
                          const Configuration& configuration, const Authority& authority,
                          base::Time now) {
    const auto* present = authority.issuers().choose(configuration.default_profile,
                                                     key.public_key().algorithm(), now);
    return present != nullptr && present->certificate() == issuer;
}

}  // namespace

ServerCertificate::ServerCertificate(std::filesystem::path folder, const base::Clock& clock,
                                     std::shared_ptr<net::TlsIdentity> identity)
    : chain_path_(folder / "pki" / "server.pem"),
      key_path_(folder / "pki" / "server-key.pem"),
      clock_(clock),
      identity_(std::move(identity)) {}

void ServerCertificate::refresh(const Configuration& configuration, Authority& authority,
                                const base::Executor& executor) {
    const auto names = names_of(configuration);
    std::error_code status;
    if (std::filesystem::exists(chain_path_, status) &&
        std::filesystem::exists(key_path_, status)) {
        const auto chain_pem = read_file(chain_path_);
        const auto chain = pki::chain_from_pem(chain_pem);
        const auto key = crypto::PrivateKey::from_pem(read_file(key_path_));
        // Anything less than a perfect match is replaced: a crash between the two files, a new
        // issuer, other names, age.
        if (chain && key && chain->size() > 1 && chain->front().public_key() == key->public_key() &&
            is_of_present_issuer((*chain)[1], *key, configuration, authority, clock_.now()) &&
            has_names(chain->front(), names) && clock_.now() < renewal_time(chain->front())) {
            if (renew_at_ != renewal_time(chain->front())) identity_->replace(chain_pem, *key);
            renew_at_ = renewal_time(chain->front());
            not_after_ = chain->front().not_after();
            return;
        }
    }
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    pki::Chain issued;
    const auto issue = [&]() -> base::Task<void> {
        issued = co_await authority.issuance().issue_own_certificate(names, key.public_key(),
                                                                     server_certificate_life);
    };
    boost::asio::co_spawn(executor, issue(), boost::asio::use_future).get();
    const auto chain_pem = pki::to_pem(issued);
    const auto key_pem = key.to_pem();
    write_file(key_path_, base::text_of({key_pem.data(), key_pem.size()}), 0600);
    write_file(chain_path_, chain_pem, 0644);
    identity_->replace(chain_pem, key);
    renew_at_ = renewal_time(issued.front());
    not_after_ = issued.front().not_after();
}

}  // namespace cairn::apps
