#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace cairn::bench {

/// A program that runs as long as this object lives; its output goes to a file.
class Child {
  public:
    /// Throws std::runtime_error if it cannot be started.
    Child(const std::vector<std::string>& command, const std::string& output_file);
    /// Ends it with SIGTERM and waits.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    [[nodiscard]] pid_t id() const { return id_; }
    /// User and system time of all its threads so far, in seconds (/proc/PID/stat).
    [[nodiscard]] double cpu_seconds() const;
    /// Octets that it caused to be written to disk so far (/proc/PID/io).
    [[nodiscard]] double written_octets() const;
    /// Resident memory in MiB (/proc/PID/status).
    [[nodiscard]] double resident_mebibytes() const;

  private:
    pid_t id_ = -1;
};

/// Runs a program to its end. Throws std::runtime_error unless it exits 0.
void run_to_end(const std::vector<std::string>& command);

/// A TCP port on the loopback that was free a moment ago.
[[nodiscard]] unsigned free_port();

}  // namespace cairn::bench
