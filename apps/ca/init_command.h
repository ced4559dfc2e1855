#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace cairn::apps {

/// The command `cairn-ca init`.
class InitCommand {
  public:
    /// Adds it to the program's words.
    explicit InitCommand(CLI::App& program);
    ~InitCommand();
    InitCommand(const InitCommand&) = delete;
    InitCommand& operator=(const InitCommand&) = delete;

    [[nodiscard]] bool was_given() const;
    /// Creates the authority and prints what came of it; the exit code. Throws std::runtime_error
    /// with all that is wrong; then nothing was changed.
    [[nodiscard]] int run() const;

  private:
    struct Given;
    std::unique_ptr<Given> given_;
};

}  // namespace cairn::apps
