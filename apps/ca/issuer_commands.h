#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace cairn::apps {

/// The commands that make or take issuers in the folder of a CA: `cairn-ca issuer create`,
/// `import`, `csr` and `install`. They change files alone, so that they work beside a running
/// server, which reads them at SIGHUP.
class IssuerCommands {
  public:
    /// Adds them to the program's words.
    explicit IssuerCommands(CLI::App& program);
    ~IssuerCommands();
    IssuerCommands(const IssuerCommands&) = delete;
    IssuerCommands& operator=(const IssuerCommands&) = delete;

    /// Whether the command line had one of them.
    [[nodiscard]] bool was_given() const;
    /// Runs it and prints what came of it; the exit code. Throws std::runtime_error saying what is
    /// wrong; then nothing was changed.
    [[nodiscard]] int run() const;

  private:
    struct Given;
    std::unique_ptr<Given> given_;
};

}  // namespace cairn::apps
