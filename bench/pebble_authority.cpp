// Debian's Pebble, with its deliberate annoyances switched off.
#include <fstream>

#include "base/clock.h"
#include "bench/authority.h"
#include "bench/child.h"
#include "crypto/random.h"
#include "pki/certificate_builder.h"

namespace cairn::bench {

namespace {

constexpr base::Seconds validity{86400};

class PebbleAuthority final : public Authority {
  public:
    explicit PebbleAuthority(const AuthorityOptions& options)
        : folder_(options.work_folder), port_(free_port()) {
        write_https_certificate();
        std::ofstream(path("pebble.json"))
            << R"({"pebble":{"listenAddress":"127.0.0.1:)" << port_
            << R"(","managementListenAddress":"127.0.0.1:)" << free_port() << R"(","certificate":")"
            << path("chain.pem") << R"(","privateKey":")" << path("key.pem") << R"(","httpPort":)"
            << options.ports.http << R"(,"tlsPort":)" << options.ports.tls
            << R"(,"externalAccountBindingRequired":false}})";
        process_ = std::make_unique<Child>(
            Command{.words = {"pebble", "-config", path("pebble.json"), "-dnsserver",
                              "127.0.0.1:" + std::to_string(options.ports.dns)},
                    .output_file = path("pebble.log"),
                    .environment = {"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0",
                                    "PEBBLE_AUTHZREUSE=0"}});
        wait_until_served(directory_url(), root_file(), path("pebble.log"));
    }

    unsigned port() const override { return port_; }
    std::string directory_url() const override {
        return "https://localhost:" + std::to_string(port_) + "/dir";
    }
    std::filesystem::path root_file() const override { return path("root.pem"); }
    // In Pebble 2.4 a newOrder holds the store's lock while it takes that of each authorization,
    // and others take these locks in the other order: a second newOrder for the challenges that it
    // adds, a request for an authorization while it looks for the account.
    bool orders_must_be_alone() const override { return true; }
    ProcessUsage usage() const override { return process_->usage(); }
    void stop() override { process_->stop(); }

  private:
    std::string path(const char* name) const { return (folder_.path() / name).string(); }

    // What clients of Cairn get too: P-256, a root and a leaf.
    void write_https_certificate() const {
        crypto::SystemRandom random;
        const auto now = base::SystemClock().now();
        const pki::Validity day{.not_before = now - validity, .not_after = now + validity};
        const auto root_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        const auto root = pki::make_root_certificate({.serial = pki::SerialNumber::random(random),
                                                      .validity = day,
                                                      .common_name = "Benchmark",
                                                      .organization = "Cairn",
                                                      .path_length = std::nullopt},
                                                     root_key);
        const auto leaf =
            pki::make_server_certificate({.serial = pki::SerialNumber::random(random),
                                          .validity = day,
                                          .public_key = key.public_key(),
                                          .names = {.dns_names = {"localhost"}, .ip_addresses = {}},
                                          .common_name = std::nullopt,
                                          .issuer_url = {}},
                                         root, root_key);
        std::ofstream(path("root.pem")) << root.pem();
        std::ofstream(path("chain.pem")) << leaf.pem();
        const auto pem = key.to_pem();
        std::ofstream(path("key.pem"))
            .write(reinterpret_cast<const char*>(pem.data()),
                   static_cast<std::streamsize>(pem.size()));
    }

    TemporaryFolder folder_;
    unsigned port_;
    std::unique_ptr<Child> process_;
};

}  // namespace

std::unique_ptr<Authority> start_pebble(const AuthorityOptions& options) {
    return std::make_unique<PebbleAuthority>(options);
}

}  // namespace cairn::bench
