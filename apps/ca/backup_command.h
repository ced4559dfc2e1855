#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace cairn::apps {

/// `cairn-ca backup DIR FILE` and `cairn-ca restore FILE DIR`.
class BackupCommands {
  public:
    /// Adds them to the program's words.
    explicit BackupCommands(CLI::App& program);
    ~BackupCommands();
    BackupCommands(const BackupCommands&) = delete;
    BackupCommands& operator=(const BackupCommands&) = delete;

    /// Whether the command line had one of them.
    [[nodiscard]] bool was_given() const;
    /// Runs it and prints what came of it; the exit code.
    [[nodiscard]] int run() const;

  private:
    struct Given;
    std::unique_ptr<Given> given_;
};

}  // namespace cairn::apps
