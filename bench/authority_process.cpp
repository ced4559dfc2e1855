#include "bench/authority_process.h"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "net/http_client.h"

namespace cairn::bench {

namespace fs = std::filesystem;

namespace {

fs::path make_folder() {
    std::string pattern = fs::temp_directory_path() / "cairn-bench-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
    return pattern;
}

std::unique_ptr<Child> start_dns(const fs::path& folder, unsigned port) {
    std::ofstream(folder / "bench.test.zone")
        << "$ORIGIN bench.test.\n$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns\n"
           "ns A 127.0.0.1\n* A 127.0.0.1\n";
    std::ofstream(folder / "knot.conf")
        << "server:\n  listen: 127.0.0.1@" << port << "\n  rundir: " << folder.string()
        << "\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
        << "database:\n  storage: " << folder.string()
        << "\nzone:\n  - domain: bench.test\n    file: " << (folder / "bench.test.zone").string()
        << "\n";
    return std::make_unique<Child>(
        std::vector<std::string>{"knotd", "-c", (folder / "knot.conf").string()},
        (folder / "knot.log").string());
}

}  // namespace

AuthorityProcess::AuthorityProcess(const std::string& program)
    : folder_(make_folder()), port_(free_port()), http_port_(free_port()), dns_port_(free_port()) {
    dns_ = start_dns(folder_, dns_port_);
    const auto ca = (folder_ / "ca").string();
    run_to_end({program, "init", ca, "--listen", "127.0.0.1:" + std::to_string(port_)});
    authority_ = std::make_unique<Child>(
        std::vector<std::string>{
            program, "serve", ca, "--set", "validation.http_port=" + std::to_string(http_port_),
            "--set", "validation.dnssec=false", "--set",
            "validation.dns_servers=[\"127.0.0.1:" + std::to_string(dns_port_) + "\"]", "--set",
            "validation.allow_networks=[\"127.0.0.0/8\"]", "--set",
            "server.admin_listen=\"127.0.0.1:" + std::to_string(free_port()) + "\""},
        (folder_ / "ca.log").string());

    net::HttpClient client({.user_agent = "cairn-bench",
                            .root_file = root_file().string(),
                            .timeout = base::Milliseconds(1000)});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
        if (const auto reply = client.get(directory_url()); reply && reply->status == 200) return;
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("the CA did not come up; see " +
                                     (folder_ / "ca.log").string());
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

AuthorityProcess::~AuthorityProcess() {
    authority_.reset();
    dns_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

std::string AuthorityProcess::directory_url() const {
    return "https://localhost:" + std::to_string(port_) + "/directory";
}

}  // namespace cairn::bench
