#include "bench/validation_ca.h"

#include <sstream>
#include <stdexcept>

#include "http/client.h"

namespace cairn::bench {

ValidationCa::ValidationCa(const ValidationCaOptions& options)
    : program_(options.program),
      folder_(options.work_folder),
      port_(free_port()),
      admin_port_(free_port()) {
    run_to_end({.words = {program_, "init", home().string(), "--listen",
                          "127.0.0.1:" + std::to_string(port_)}});
    auto words = serve_command(program_, home(), options.ports);
    const auto set = [&words](const std::string& assignment) {
        words.insert(words.end(), {"--set", assignment});
    };
    set("server.admin_listen=\"127.0.0.1:" + std::to_string(admin_port_) + "\"");
    for (const auto& setting : options.settings) set(setting);
    const auto log = folder_.path() / "ca.log";
    process_ = std::make_unique<Child>(Command{.words = words,
                                               .output_file = log.string(),
                                               // It would wait for validations that never end.
                                               .stop_signal = SIGKILL});
    wait_until_served(directory_url(), root_file(), *process_, log);
}

std::string ValidationCa::url() const {
    return "https://localhost:" + std::to_string(port_);
}

double ValidationCa::metric(const std::string& series) const {
    http::Client client({.user_agent = "cairn-bench", .allow_plain_http = true});
    const auto reply = client.get("http://127.0.0.1:" + std::to_string(admin_port_) + "/metrics");
    if (!reply) throw std::runtime_error(reply.error().message);
    std::istringstream lines(reply->body);
    std::string line;
    while (std::getline(lines, line))
        if (line.starts_with(series + " ")) return std::stod(line.substr(series.size()));
    return 0;
}

void ValidationCa::enrol(const RemotePerspective& perspective) const {
    run_to_end({.words = {program_, "perspective", "add", home().string(), perspective.name(),
                          "--region", perspective.region(), "--url", perspective.url(), "--code",
                          perspective.code_file().string()}});
}

}  // namespace cairn::bench
