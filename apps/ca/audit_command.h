#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apps/ca/adapters.h"

namespace CLI {
class App;
}

namespace cairn::apps {

/// `cairn-ca audit verify` and `cairn-ca audit show`: they read the files of the audit log, of a CA
/// that runs or not, or copies elsewhere, and change nothing.
class AuditCommands {
  public:
    /// Adds them to the program's words; before the operator's commands.
    explicit AuditCommands(CLI::App& program);
    ~AuditCommands();
    AuditCommands(const AuditCommands&) = delete;
    AuditCommands& operator=(const AuditCommands&) = delete;

    /// Whether the command line had one of them.
    [[nodiscard]] bool was_given() const;
    /// Runs it and prints what came of it; the exit code.
    [[nodiscard]] int run(const Adapters& adapters) const;

  private:
    struct Given;
    std::unique_ptr<Given> given_;
};

}  // namespace cairn::apps
