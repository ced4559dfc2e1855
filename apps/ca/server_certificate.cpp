#include "apps/ca/server_certificate.h"

#include <algorithm>
#include <optional>
#include <span>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "apps/command_line/files.h"
#include "net/url.h"
#include "pki/chain.h"

namespace cairn::apps {

namespace {

constexpr base::Seconds server_certificate_life = std::chrono::days(30);

std::vector<protocol::Identifier> server_names(const Configuration& configuration) {
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

// The kind of key to be made for a certificate.
crypto::KeyType key_type_for(crypto::KeyAlgorithm algorithm) {
    switch (algorithm) {
        case crypto::KeyAlgorithm::rsa:
            return crypto::KeyType::rsa2048;
        case crypto::KeyAlgorithm::ec_p384:
            return crypto::KeyType::ec_p384;
        case crypto::KeyAlgorithm::ec_p256:
        case crypto::KeyAlgorithm::ec_p521:  // browsers know neither of these two
        case crypto::KeyAlgorithm::ed25519:
            break;
    }
    return crypto::KeyType::ec_p256;
}

// Whether one that is issued now would have such a key and these certificates above it, if it had
// any.
bool is_of_present_issuer(std::span<const pki::Certificate> above, crypto::KeyAlgorithm key,
                          const Configuration& configuration, const Authority& authority,
                          base::Time now) {
    try {
        const auto present = authority.issuers().for_own_server(configuration.default_profile,
                                                                server_names(configuration), now);
        return present && present->key == key && std::ranges::equal(above, present->issuer.chain());
    } catch (const ca::IssuerUnavailable&) {
        return true;
    }
}

}  // namespace

ServerCertificate::ServerCertificate(std::filesystem::path folder, const base::Clock& clock,
                                     base::Log& log, std::shared_ptr<net::TlsIdentity> identity)
    : chain_path_(folder / "pki" / "server.pem"),
      key_path_(folder / "pki" / "server-key.pem"),
      clock_(clock),
      log_(log),
      identity_(std::move(identity)) {}

// What cannot be read is as good as none: a crash between the two files, a file without a right to
// read it.
std::optional<ServerCertificate::Pair> ServerCertificate::read() const {
    std::error_code status;
    if (!std::filesystem::exists(chain_path_, status) ||
        !std::filesystem::exists(key_path_, status))
        return std::nullopt;
    try {
        auto chain = pki::chain_from_pem(read_file(chain_path_));
        auto key = crypto::PrivateKey::from_pem(read_file(key_path_));
        if (!chain || !key || chain->size() < 2 || chain->front().public_key() != key->public_key())
            return std::nullopt;
        return Pair{*std::move(chain), *std::move(key)};
    } catch (const std::runtime_error& error) {
        log_.warning("the server's own certificate cannot be read", {{"error", error.what()}});
        return std::nullopt;
    }
}

bool ServerCertificate::is_good(const Pair& pair, const Configuration& configuration,
                                const Authority& authority) const {
    const auto now = clock_.now();
    const auto& certificate = pair.chain.front();
    return now >= certificate.not_before() && now < renewal_time(certificate) &&
           has_names(certificate, server_names(configuration)) &&
           is_of_present_issuer(std::span(pair.chain).subspan(1), pair.key.public_key().algorithm(),
                                configuration, authority, now);
}

void ServerCertificate::use(const Pair& pair) {
    const auto& certificate = pair.chain.front();
    if (in_use_ == certificate) return;
    identity_->replace(pki::to_pem(pair.chain), pair.key);
    in_use_ = certificate;
    not_before_ = certificate.not_before();
    not_after_ = certificate.not_after();
}

void ServerCertificate::Patience::count_failure() {
    constexpr std::chrono::minutes longest_pause{60};
    const std::chrono::minutes pause{1 << std::min(failures++, 6)};
    next_attempt = std::chrono::steady_clock::now() + std::min(pause, longest_pause);
}

ServerCertificate::Pair ServerCertificate::issue(const Configuration& configuration,
                                                 Authority& authority,
                                                 const base::Executor& executor) const {
    const auto names = server_names(configuration);
    const auto maker =
        authority.issuers().for_own_server(configuration.default_profile, names, clock_.now());
    if (!maker) throw std::runtime_error("no issuer is active");
    auto key = crypto::PrivateKey::generate(key_type_for(maker->key));
    pki::Chain chain;
    const auto task = [&]() -> base::Task<void> {
        chain = co_await authority.own_certificate().issue(maker->issuer, names, key.public_key(),
                                                           server_certificate_life);
    };
    boost::asio::co_spawn(executor, task(), boost::asio::use_future).get();
    return {std::move(chain), std::move(key)};
}

void ServerCertificate::write(const Pair& pair) {
    try {
        const auto key_pem = pair.key.to_pem();
        write_file(key_path_, base::text_of({key_pem.data(), key_pem.size()}), 0600);
        write_file(chain_path_, pki::to_pem(pair.chain), 0644);
        unwritten_.reset();
        writing_ = {};
    } catch (const std::runtime_error& error) {
        log_.error(
            "the server's own certificate is used but cannot be written; the next start makes "
            "another one",
            {{"error", error.what()}});
        unwritten_ = pair;
        writing_.count_failure();
    }
}

void ServerCertificate::refresh(const Configuration& configuration, Authority& authority,
                                const base::Executor& executor) {
    issuing_ = {};
    writing_ = {};
    attempt(configuration, authority, executor);
}

void ServerCertificate::keep_up(const Configuration& configuration, Authority& authority,
                                const base::Executor& executor) {
    try {
        attempt(configuration, authority, executor);
    } catch (const std::exception& error) {
        log_.error("the server's own certificate could not be renewed", {{"error", error.what()}});
    }
}

void ServerCertificate::attempt(const Configuration& configuration, Authority& authority,
                                const base::Executor& executor) {
    const auto held = unwritten_ ? unwritten_ : read();
    if (held && is_good(*held, configuration, authority)) {
        use(*held);
        if (unwritten_ && writing_.is_over()) write(*held);
        return;
    }
    if (!issuing_.is_over()) return;
    std::optional<Pair> fresh;
    try {
        fresh = issue(configuration, authority, executor);
    } catch (const std::exception& error) {
        issuing_.count_failure();
        // A server that starts is better with an old one than without any.
        if (in_use_ || !held) throw;
        log_.error("no certificate for this server can be issued; the former one is used",
                   {{"error", error.what()}});
        use(*held);
        return;
    }
    issuing_ = {};
    use(*fresh);
    write(*fresh);
}

}  // namespace cairn::apps
