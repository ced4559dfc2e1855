// cairn-ca in a folder of its own, on either store.
#include <fstream>
#include <iterator>

#include "bench/authority.h"
#include "bench/child.h"
#include "bench/postgres_cluster.h"
#include "bench/sync_trace.h"

namespace cairn::bench {

namespace {

class CairnAuthority final : public Authority {
  public:
    explicit CairnAuthority(const AuthorityOptions& options)
        : folder_(options.work_folder), port_(free_port()), counts_syncs_(options.count_syncs) {
        if (options.kind == ServerKind::cairn_postgresql)
            cluster_ = std::make_unique<PostgresCluster>(folder_.path());
        run_to_end({.words = {options.program, "init", home().string(), "--listen",
                              "127.0.0.1:" + std::to_string(port_)}});
        const auto log = folder_.path() / "ca.log";
        process_ = std::make_unique<Child>(
            Command{.words = serve_command(options), .output_file = log.string()});
        wait_until_served(directory_url(), root_file(), log);
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
    std::optional<std::size_t> syncs_between(double begun, double ended) const override {
        if (!counts_syncs_) return std::nullopt;
        std::ifstream file(trace_file());
        return count_syncs(std::string(std::istreambuf_iterator<char>(file), {}), begun, ended);
    }
    void stop() override { process_->stop(); }

  private:
    std::filesystem::path home() const { return folder_.path() / "ca"; }
    std::string trace_file() const { return (folder_.path() / "syncs").string(); }

    std::vector<std::string> serve_command(const AuthorityOptions& options) const {
        std::vector<std::string> words;
        if (counts_syncs_) words = trace_command(trace_file());
        words.insert(words.end(), {options.program, "serve", home().string()});
        const auto set = [&words](const std::string& assignment) {
            words.insert(words.end(), {"--set", assignment});
        };
        set("validation.http_port=" + std::to_string(options.ports.http));
        set("validation.tls_alpn_port=" + std::to_string(options.ports.tls));
        set("validation.dns_servers=[\"127.0.0.1:" + std::to_string(options.ports.dns) + "\"]");
        set("validation.dnssec=false");
        set("validation.allow_networks=[\"127.0.0.0/8\"]");
        set("limits.enabled=false");
        set("server.admin_listen=\"127.0.0.1:" + std::to_string(free_port()) + "\"");
        if (cluster_) set("store.url=\"" + cluster_->url() + "\"");
        return words;
    }

    TemporaryFolder folder_;
    unsigned port_;
    bool counts_syncs_;
    std::unique_ptr<PostgresCluster> cluster_;
    std::unique_ptr<Child> process_;
};

}  // namespace

std::unique_ptr<Authority> start_cairn(const AuthorityOptions& options) {
    return std::make_unique<CairnAuthority>(options);
}

}  // namespace cairn::bench
