// Debian's Pebble, with its deliberate annoyances switched off.
#include <fstream>

#include "bench/authority.h"
#include "bench/child.h"
#include "bench/https_identity.h"

namespace cairn::bench {

namespace {

class PebbleAuthority final : public Authority {
  public:
    explicit PebbleAuthority(const AuthorityOptions& options)
        : folder_(options.work_folder), port_(free_port()) {
        const auto ports = options.ports.value_or(ValidationPorts());
        write_https_identity(folder_.path());
        std::ofstream(path("pebble.json"))
            << R"({"pebble":{"listenAddress":"127.0.0.1:)" << port_
            << R"(","managementListenAddress":"127.0.0.1:)" << free_port() << R"(","certificate":")"
            << path("chain.pem") << R"(","privateKey":")" << path("key.pem") << R"(","httpPort":)"
            << ports.http << R"(,"tlsPort":)" << ports.tls
            << R"(,"externalAccountBindingRequired":false}})";
        process_ = std::make_unique<Child>(
            Command{.words = {"pebble", "-config", path("pebble.json"), "-dnsserver",
                              "127.0.0.1:" + std::to_string(ports.dns)},
                    .output_file = path("pebble.log"),
                    .environment = {"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0",
                                    "PEBBLE_AUTHZREUSE=0"}});
        wait_until_served(directory_url(), root_file(), *process_, path("pebble.log"));
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
    void hold() override { process_->hold(); }
    void go_on() override { process_->go_on(); }
    void stop() override { process_->stop(); }

  private:
    std::string path(const char* name) const { return (folder_.path() / name).string(); }

    TemporaryFolder folder_;
    unsigned port_;
    std::unique_ptr<Child> process_;
};

}  // namespace

std::unique_ptr<Authority> start_pebble(const AuthorityOptions& options) {
    return std::make_unique<PebbleAuthority>(options);
}

}  // namespace cairn::bench
