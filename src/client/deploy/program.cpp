#include "client/deploy/program.h"

#include <fmt/format.h>

#include "client/command_words.h"
#include "client/deploy/target_options.h"
#include "client/hook.h"

namespace cairn::client {
namespace {

class ProgramTarget final : public Target {
  public:
    explicit ProgramTarget(std::string line) : line_(std::move(line)) {}

    std::string text() const override { return "exec:" + line_; }
    KeyNeed key_need() const override { return KeyNeed::none; }
    std::vector<Failure> obstacles(const DeploySubject&) override {
        const auto command = CommandWords::find(line_);
        if (command) return {};
        return {{{fmt::format("run {}", base::printable(line_)), Phase::deploy},
                 command.error().message,
                 "name the program that is meant, or none ('')."}};
    }
    std::vector<std::string> outline(const DeploySubject&) override {
        return {fmt::format("{} is run", line_)};
    }
    /// Not `activate`, which would run it a second time after it has failed.
    void place(const DeployMaterial&, const TargetRun& run) override {
        auto variables = run.variables;
        const auto wrong = run_hook({.kind = HookKind::deploy,
                                     .command = line_,
                                     .variables = std::move(variables),
                                     .patience = run.patience},
                                    run.timer, run.progress);
        if (!wrong.empty()) throw Failure({"run the deploy hook", Phase::deploy}, wrong);
    }

  private:
    std::string line_;
};

}  // namespace

std::unique_ptr<Target> program_target(const std::string& line) {
    return std::make_unique<ProgramTarget>(line);
}

base::Result<std::unique_ptr<Target>> make_program_target(TargetOptions& options,
                                                          const TargetContext&) {
    const auto line = options.argument();
    if (line.empty()) return base::fail("names no program: exec:PROGRAM");
    const auto found = CommandWords::find(line);
    const auto words = found ? found : CommandWords::from_text(line);
    if (!words) return std::unexpected(words.error());
    options.settle_argument(words->text());
    return program_target(words->text());
}

}  // namespace cairn::client
