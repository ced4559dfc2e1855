#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/authority.h"
#include "bench/child.h"
#include "bench/remote_perspective.h"

namespace cairn::bench {

/// How a CA that validates is set up for a measurement.
struct ValidationCaOptions {
    /// The cairn-ca to start.
    std::string program;
    /// Where the folder of the run is made.
    std::filesystem::path work_folder;
    /// Where it validates.
    ValidationPorts ports;
    /// "KEY=VALUE", beside what every CA of the benchmark has.
    std::vector<std::string> settings{};
};

/// A cairn-ca on an embedded store, of whose validations more is asked than an Authority tells. It
/// runs in a temporary folder as long as this object lives.
class ValidationCa {
  public:
    /// Waits until it serves. Throws std::runtime_error if it does not.
    explicit ValidationCa(const ValidationCaOptions& options);

    /// HTTPS port on the loopback, under the name localhost.
    [[nodiscard]] unsigned port() const { return port_; }
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::string directory_url() const { return url() + "/directory"; }
    [[nodiscard]] std::string root_file() const { return (home() / "pki/root.pem").string(); }
    [[nodiscard]] ProcessUsage usage() const { return process_->usage(); }
    /// A series of /metrics as it is written there, `cairn_jobs_running{queue="validation"}`; 0 if
    /// there is none. Throws std::runtime_error if they cannot be read.
    [[nodiscard]] double metric(const std::string& series) const;
    /// Makes it one of the CA's perspectives. Throws std::runtime_error if either refuses.
    void enrol(const RemotePerspective& perspective) const;

  private:
    [[nodiscard]] std::filesystem::path home() const { return folder_.path() / "ca"; }

    std::string program_;
    TemporaryFolder folder_;
    unsigned port_, admin_port_;
    std::unique_ptr<Child> process_;
};

}  // namespace cairn::bench
