// cairn-ca in a folder of its own, on either store.
#include "bench/authority.h"
#include "bench/child.h"
#include "bench/postgres_cluster.h"
#include "bench/store_generator.h"
#include "bench/sync_counter.h"

namespace cairn::bench {

namespace {

class CairnAuthority final : public Authority {
  public:
    explicit CairnAuthority(const AuthorityOptions& options)
        : folder_(options.work_folder), port_(free_port()), syncs_(folder_.path() / "syncs") {
        if (options.kind == ServerKind::cairn_postgresql)
            cluster_ = std::make_unique<PostgresCluster>(folder_.path(), syncs_);
        run_to_end({.words = {options.program, "init", home().string(), "--listen",
                              "127.0.0.1:" + std::to_string(port_)}});
        serve(options);
        if (!cluster_ || options.filled_certificates == 0) return;
        // The CA has made the tables.
        process_->stop();
        fill_postgres_store(cluster_->url(), options.filled_certificates);
        analyze_postgres_store(cluster_->url());
        serve(options);
    }

    unsigned port() const override { return port_; }
    std::string directory_url() const override {
        return "https://localhost:" + std::to_string(port_) + "/directory";
    }
    std::filesystem::path root_file() const override { return home() / "pki/root.pem"; }
    ProcessUsage usage() const override { return process_->usage(); }
    std::optional<ProcessUsage> database_usage() const override {
        if (!cluster_) return std::nullopt;
        return cluster_->usage();
    }
    std::optional<std::uint64_t> syncs() const override { return syncs_.count(); }
    void hold() override { process_->hold(); }
    void go_on() override { process_->go_on(); }
    void stop() override { process_->stop(); }

  private:
    void serve(const AuthorityOptions& options) {
        const auto log = folder_.path() / "ca.log";
        process_ = std::make_unique<Child>(Command{.words = command(options),
                                                   .output_file = log.string(),
                                                   .environment = syncs_.environment()});
        wait_until_served(directory_url(), root_file(), *process_, log);
    }

    std::filesystem::path home() const { return folder_.path() / "ca"; }

    std::vector<std::string> command(const AuthorityOptions& options) const {
        auto words = serve_command(options.program, home(), options.ports);
        if (!options.store_file.empty())
            words.insert(words.end(), {"--set", store_setting(options.store_file)});
        if (cluster_) words.insert(words.end(), {"--set", "store.url=\"" + cluster_->url() + "\""});
        return words;
    }

    TemporaryFolder folder_;
    unsigned port_;
    SyncCounter syncs_;
    std::unique_ptr<PostgresCluster> cluster_;
    std::unique_ptr<Child> process_;
};

}  // namespace

std::string store_setting(const std::filesystem::path& store_file) {
    return "store.url=\"sqlite:" + std::filesystem::absolute(store_file).string() + "\"";
}

std::vector<std::string> serve_command(const std::string& program,
                                       const std::filesystem::path& home,
                                       const std::optional<ValidationPorts>& ports) {
    std::vector<std::string> words{program, "serve", home.string()};
    const auto set = [&words](const std::string& assignment) {
        words.insert(words.end(), {"--set", assignment});
    };
    set("server.admin_listen=\"127.0.0.1:" + std::to_string(free_port()) + "\"");
    // On, as a private CA has them, but out of reach.
    for (const char* limit : {"new_accounts_per_ip", "new_accounts", "new_orders_per_account"})
        set("limits." + std::string(limit) + "={count=10000000,period=\"3h\"}");
    set("limits.requests_per_ip.new_account=false");
    if (!ports) return words;
    set("validation.http_port=" + std::to_string(ports->http));
    set("validation.tls_alpn_port=" + std::to_string(ports->tls));
    set("validation.dns_servers=[\"127.0.0.1:" + std::to_string(ports->dns) + "\"]");
    set("validation.dnssec=false");
    set("validation.allow_networks=[\"127.0.0.0/8\"]");
    return words;
}

std::unique_ptr<Authority> start_cairn(const AuthorityOptions& options) {
    return std::make_unique<CairnAuthority>(options);
}

}  // namespace cairn::bench
