#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/apache/configuration.h"
#include "client/apache/place.h"
#include "client/timer.h"

namespace cairn::client::apache {

/// The settings that `httpd -V` prints: version, HTTPD_ROOT, SERVER_CONFIG_FILE, DEFAULT_PIDLOG.
struct BuildSettings {
    std::vector<unsigned long> version;
    std::string root, config_file, pid_file;
};
[[nodiscard]] base::Result<BuildSettings> build_settings_from(std::string_view text);

/// Apache httpd on this machine, as its packages start it: the program, the folder and first file
/// of its configuration, and the environment of the file `envvars` beside it, where there is one
/// (Debian). What goes wrong is thrown as Failure.
class Server {
  public:
    /// Looks for it: apache2, else httpd, in PATH and where systems keep servers. Changes nothing.
    [[nodiscard]] static Server find(const Place& place, Timer& timer);

    [[nodiscard]] const ServerFacts& facts() const { return facts_; }
    /// Its configuration as it stands on the disk, or as `source` has it. `source` outlives it.
    [[nodiscard]] Configuration read(ConfigSource& source) const;
    /// Has the server judge what stands on the disk (`apache2 -t`).
    void test(Timer& timer) const;
    /// True if it runs, by its file of the process number.
    [[nodiscard]] bool is_running(const Configuration& configuration) const;
    /// Has it read its configuration again, without breaking off what it is answering (SIGUSR1);
    /// false if it does not run. It must have been tested: a server that cannot put its
    /// configuration into effect ends, which is thrown.
    [[nodiscard]] bool reload(const Configuration& configuration, Timer& timer);
    /// Starts it after it has ended at a `reload`: by systemd if that ran it, else by its program.
    void start(const Configuration& configuration, Timer& timer) const;

  private:
    Server() = default;
    [[nodiscard]] std::vector<std::string> arguments(std::vector<std::string> last) const;
    [[nodiscard]] std::filesystem::path pid_file(const Configuration& configuration) const;
    std::filesystem::path program_;
    BuildSettings settings_;
    ServerFacts facts_;
    /// Of systemd, in which it ran at the last reload.
    std::string unit_;
    std::vector<std::pair<std::string, std::string>> environment_;
};

}  // namespace cairn::client::apache
