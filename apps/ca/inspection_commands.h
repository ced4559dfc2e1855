#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace cairn::apps {

/// `cairn-ca check DIR` and `cairn-ca validate DIR NAME`, which look and change nothing.
class InspectionCommands {
  public:
    /// Adds them to the program's words.
    explicit InspectionCommands(CLI::App& program);
    ~InspectionCommands();
    InspectionCommands(const InspectionCommands&) = delete;
    InspectionCommands& operator=(const InspectionCommands&) = delete;

    /// Whether the command line had one of them.
    [[nodiscard]] bool was_given() const;
    /// Runs it and prints what it found; the exit code.
    [[nodiscard]] int run() const;

  private:
    struct Given;
    std::unique_ptr<Given> given_;
};

}  // namespace cairn::apps
