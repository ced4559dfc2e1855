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

/// The operator's socket of the CA in this folder.
[[nodiscard]] std::filesystem::path operator_socket(const std::filesystem::path& folder);

/// The operator's commands: `cairn-ca NOUN VERB DIR ...`, one for each operation of admin. They go
/// to the running server through its socket; with none running they open the store themselves.
class OperatorCommands {
  public:
    /// Adds them to the program's words.
    explicit OperatorCommands(CLI::App& program);
    ~OperatorCommands();
    OperatorCommands(const OperatorCommands&) = delete;
    OperatorCommands& operator=(const OperatorCommands&) = delete;

    /// Whether the command line had one of them.
    [[nodiscard]] bool was_given() const;
    /// Runs it and prints what came of it; the exit code.
    [[nodiscard]] int run(const Adapters& adapters) const;
    /// Prints a usage error as the JSON object that all answers are.
    static void print_usage_error(const std::string& detail);
    /// The same of what went wrong.
    static void print_failure(const std::string& detail);

  private:
    struct Given;
    std::unique_ptr<Given> given_;
};

}  // namespace cairn::apps
