#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "client/timer.h"

namespace cairn::client::apache {

/// The first process of an httpd that runs.
class ServerProcess {
  public:
    /// By the file of its number; nothing if none runs.
    [[nodiscard]] static std::optional<ServerProcess> find(const std::filesystem::path& pid_file);

    /// Has it read its configuration again, without breaking off what it is answering (SIGUSR1),
    /// and waits until it works with it, for some seconds at most. Throws Failure, also if it has
    /// ended, as httpd does where the configuration cannot be put into effect.
    void reload(Timer& timer) const;
    /// The unit of systemd that it belongs to ("apache2.service"); empty if none.
    [[nodiscard]] std::string unit() const;

  private:
    explicit ServerProcess(pid_t number) : number_(number) {}
    [[nodiscard]] bool is_alive() const;
    /// The numbers of its children, as /proc has them; empty where it does not tell.
    [[nodiscard]] std::string children() const;
    pid_t number_;
};

/// The unit of systemd in what /proc/PID/cgroup holds; empty if there is none.
[[nodiscard]] std::string unit_in(std::string_view cgroup);

}  // namespace cairn::client::apache
