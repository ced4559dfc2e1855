#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "bench/authority.h"
#include "bench/child.h"

namespace cairn::bench {

/// A cairn-va on the loopback, that runs in a temporary folder as long as this object lives.
class RemotePerspective {
  public:
    struct Options {
        /// The cairn-va to start.
        std::string program;
        std::filesystem::path work_folder;
        /// "lon1", "RIPE".
        std::string name, region;
        /// Whom it answers.
        std::string ca_url;
        /// Where it looks.
        ValidationPorts ports;
    };
    /// Waits until it serves. Throws std::runtime_error if it does not.
    explicit RemotePerspective(Options options);

    [[nodiscard]] const std::string& name() const { return options_.name; }
    [[nodiscard]] const std::string& region() const { return options_.region; }
    [[nodiscard]] std::string url() const { return "https://" + address(); }
    /// The file with the code by which a CA enrols it.
    [[nodiscard]] std::filesystem::path code_file() const { return folder_.path() / "code"; }
    [[nodiscard]] ProcessUsage usage() const { return process_->usage(); }

  private:
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    void make() const;
    void serve();

    const Options options_;
    TemporaryFolder folder_;
    unsigned port_;
    std::unique_ptr<Child> process_;
};

}  // namespace cairn::bench
