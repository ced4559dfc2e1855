#include "apps/ca/init.h"

#include <cctype>
#include <stdexcept>

#include "apps/ca/configuration.h"
#include "apps/ca/files.h"
#include "apps/ca/initial_configuration.h"
#include "apps/ca/intermediate.h"
#include "base/base64url.h"
#include "base/ip_address.h"
#include "crypto/digest.h"
#include "net/socket_address.h"
#include "pki/certificate_builder.h"
#include "protocol/identifier.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::days root_life{3650};
constexpr unsigned https_port = 443;

// The port of "127.0.0.1:14000" or "[::1]:14000".
unsigned port_of(const std::string& listen) {
    const auto address = net::SocketAddress::from_text(listen);
    if (!address || address->port == 0)
        throw std::runtime_error("--listen " + base::printable(listen) + ": wants ADDRESS:PORT");
    return address->port;
}

// A host as it stands in a URL; throws for what is neither a name nor an address.
std::string url_host(const std::string& host) {
    if (const auto address = base::IpAddress::from_lenient_text(host))
        return address->to_url_host();
    if (const auto name = protocol::DnsName::from_text(host)) return name->text();
    throw std::runtime_error("--host " + base::printable(host) +
                             ": is neither a domain name nor an address");
}

// Root and intermediate into `folder`; the root's digest.
crypto::Sha256Digest make_authorities(const fs::path& folder, const InitOptions& options,
                                      base::Time now, crypto::Random& random) {
    const auto root_key = crypto::PrivateKey::generate(options.key_type);
    const auto root = pki::make_root_certificate({.serial = pki::SerialNumber::random(random),
                                                  .validity = validity_from(now, root_life),
                                                  .common_name = options.name + " Root",
                                                  .organization = options.name,
                                                  .path_length = std::nullopt},
                                                 root_key);
    const auto intermediate =
        Intermediate::make(options.name + " Intermediate 1", options.name, options.key_type, root,
                           root_key, options.kind, now, random);
    write_key(folder / "root-key.pem", root_key);
    intermediate.write(folder, "intermediate");
    write_file(folder / "root.pem", root.pem(), 0644);
    return crypto::sha256(root.der());
}

void make_folder(const fs::path& path) {
    fs::create_directory(path);
    fs::permissions(path, fs::perms::owner_all);
}

// The folders that have to be synced so that `folder`, and those above it that are not there yet,
// are durable once they are made.
std::vector<fs::path> keepers_of(const fs::path& folder) {
    std::vector<fs::path> keepers{folder.parent_path()};
    while (!fs::exists(keepers.back())) keepers.push_back(keepers.back().parent_path());
    return keepers;
}

// Moves the finished folder to its place, durably, or takes it back.
void move_into_place(const fs::path& draft, const fs::path& folder,
                     const std::vector<fs::path>& keepers) {
    const bool was_there = fs::exists(folder);
    fs::rename(draft, folder);
    try {
        for (const auto& keeper : keepers) sync_folder(keeper);
    } catch (const std::exception&) {
        fs::rename(folder, draft);
        if (was_there) make_folder(folder);
        throw;
    }
}

}  // namespace

std::string fingerprint(base::BytesView octets) {
    std::string result;
    for (const char c : base::to_hex(octets)) {
        if (result.size() % 3 == 2) result += ':';
        result += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return result;
}

InitResult init(const InitOptions& options, const base::Clock& clock, crypto::Random& random) {
    const unsigned port = port_of(options.listen);
    if (options.name.empty() || options.name.size() > 40)
        throw std::runtime_error("--name: wants 1 to 40 characters");
    std::vector<std::string> hosts;
    for (const auto& host : options.hosts) hosts.push_back(url_host(host));
    const std::string public_url =
        "https://" + hosts.front() + (port == https_port ? "" : ":" + std::to_string(port));
    const std::string admin_listen =
        "127.0.0.1:" + std::to_string(port < 65535 ? port + 1 : port - 1);

    std::error_code status;
    if (fs::exists(options.folder, status) &&
        !(fs::is_directory(options.folder) && fs::is_empty(options.folder)))
        throw std::runtime_error(options.folder.string() +
                                 " exists and is not an empty folder; nothing was changed");

    // Everything is made beside its place and moved there in one step.
    auto folder = fs::absolute(options.folder).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    const auto keepers = keepers_of(folder);
    fs::create_directories(folder.parent_path());
    auto draft = folder;
    draft += "." + base::to_hex(random.octets(4)) + ".new";
    InitResult result;
    try {
        make_folder(draft);
        make_folder(draft / "pki");
        make_folder(draft / "store");
        const auto root = make_authorities(draft / "pki", options, clock.now(), random);
        write_file(draft / "ca.toml",
                   initial_configuration(options.listen, admin_listen, public_url, options.hosts,
                                         options.kind),
                   0600);
        move_into_place(draft, folder, keepers);
        result = {.directory_url = public_url + "/directory",
                  .root_fingerprint = fingerprint(root),
                  .root_file = folder / "pki" / "root.pem"};
    } catch (...) {
        std::error_code ignored;
        fs::remove_all(draft, ignored);
        throw;
    }
    return result;
}

}  // namespace cairn::apps
