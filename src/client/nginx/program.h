#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "client/nginx/configuration.h"
#include "client/nginx/options.h"
#include "client/timer.h"

namespace cairn::client::nginx {

/// The nginx of this machine: which program, which configuration, and whether it runs.
class NginxProgram {
  public:
    /// Finds the program and asks it where it was built to look (`nginx -V`).
    [[nodiscard]] static base::Result<NginxProgram> find(const NginxOptions& options, Timer& timer);

    /// The main file of its configuration.
    [[nodiscard]] const std::filesystem::path& configuration_file() const { return file_; }
    /// Its configuration as it stands now.
    [[nodiscard]] base::Result<Configuration> configuration() const {
        return Configuration::load(file_);
    }

    /// The line (`CommandWords`) by which it tests its configuration, and the one by which it reads
    /// it anew.
    [[nodiscard]] std::string test_line() const;
    [[nodiscard]] std::string reload_line() const;
    /// Runs that line; the error is what nginx has written.
    [[nodiscard]] base::Result<void> test(Timer& timer) const;
    [[nodiscard]] base::Result<void> reload(Timer& timer) const;

    /// The file that its process keeps its number in, by this configuration.
    [[nodiscard]] std::filesystem::path pid_file(const Configuration& configuration) const;
    /// True if a process of that number runs.
    [[nodiscard]] bool is_running(const Configuration& configuration) const;

  private:
    [[nodiscard]] std::string line_with(const std::vector<std::string>& words) const;

    std::filesystem::path program_, file_, prefix_, pid_;
    /// As nginx itself has to be told of it; empty: it was not said.
    std::filesystem::path said_prefix_;
    std::string reload_;
};

}  // namespace cairn::client::nginx
