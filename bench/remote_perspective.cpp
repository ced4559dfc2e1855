#include "bench/remote_perspective.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

namespace cairn::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto start_patience = 30s;
constexpr auto glance = 20ms;

std::string content(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

RemotePerspective::RemotePerspective(Options options)
    : options_(std::move(options)), folder_(options_.work_folder), port_(free_port()) {
    make();
    serve();
}

void RemotePerspective::make() const {
    const auto text =
        run_to_end({.words = {options_.program, "init", (folder_.path() / "va").string(), "--name",
                              options_.name, "--region", options_.region, "--ca-url",
                              options_.ca_url, "--listen", address()}});
    const auto begin = text.find("cva1.");
    if (begin == std::string::npos)
        throw std::runtime_error("cairn-va init printed no code: " + text);
    std::ofstream(code_file()) << text.substr(begin, text.find_first_of(" \n", begin) - begin)
                               << "\n";
}

void RemotePerspective::serve() {
    const auto log = folder_.path() / "va.log";
    const auto& ports = options_.ports;
    std::vector<std::string> words{options_.program, "serve", (folder_.path() / "va").string()};
    for (const auto& setting :
         {"validation.http_port=" + std::to_string(ports.http),
          "validation.tls_alpn_port=" + std::to_string(ports.tls),
          "validation.dns_servers=[\"127.0.0.1:" + std::to_string(ports.dns) + "\"]",
          std::string("validation.dnssec=false"),
          std::string("validation.allow_networks=[\"127.0.0.0/8\"]")})
        words.insert(words.end(), {"--set", setting});
    process_ = std::make_unique<Child>(Command{.words = words, .output_file = log.string()});
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    while (content(log).find("\"event\":\"serving\"") == std::string::npos) {
        if (process_->has_ended() || std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("the perspective " + options_.name +
                                     " does not serve; it said: " + content(log));
        std::this_thread::sleep_for(glance);
    }
}

}  // namespace cairn::bench
