#include "client/solvers/exec.h"

#include <array>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "client/command_words.h"
#include "client/failure.h"
#include "client/solver_program.h"

namespace cairn::client {
namespace {

class ExecSolver final : public Solver {
  public:
    ExecSolver(CommandWords command, const SolverContext& context)
        : command_(std::move(command)), context_(context) {}

    std::string specification() const override { return "exec:" + command_.text(); }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::dns_01,
                                             protocol::ChallengeType::dns_account_01};
        return types;
    }
    Residue residue() const override { return Residue::outlives_process; }

    std::optional<Failure> obstacle() override {
        const auto found = command_.located();
        if (found) return std::nullopt;
        return Failure({fmt::format("run {}", command_.text()), Phase::challenge},
                       found.error().message, "check the program.");
    }

    void present(const Challenge& challenge) override { run("present", challenge, context_.timer); }
    void clean_up(const Challenge& challenge) override {
        // A run that is asked to stop still takes down what it has put up.
        SystemTimer unstoppable;
        run("cleanup", challenge, unstoppable);
    }

  private:
    void run(const std::string& action, const Challenge& challenge, Timer& timer) {
        // One at a time: programs that edit a zone file are rarely safe to run in parallel.
        const std::scoped_lock lock(mutex_);
        const auto& name = challenge.identifier.base_value();
        const auto record = dns_record_of(challenge);
        auto arguments = command_.arguments();
        arguments.push_back(action);
        ChildProgram program{
            .path = command_.program(),
            .arguments = std::move(arguments),
            .environment = {
                {"CAIRN_ACTION", action},
                {"CAIRN_CHALLENGE_TYPE", std::string(protocol::to_string(challenge.type))},
                {"CAIRN_IDENTIFIER", name},
                {"CAIRN_TOKEN", challenge.token.text()},
                {"CAIRN_KEY_AUTHORIZATION", challenge.key_authorization},
                {"CAIRN_DNS_NAME", record.name},
                {"CAIRN_DNS_VALUE", record.value},
            }};
        const Aim aim(fmt::format("{} the DNS record of {}",
                                  action == "present" ? "publish" : "remove", name),
                      Phase::challenge, challenge.identifier);
        run_for_proof(
            {.program = std::move(program),
             .line = command_.text() + " " + action,
             .aim = aim,
             .advice = "mend the program, or run it by hand with the same CAIRN_* variables.",
             .identifier = challenge.identifier},
            timer, &context_.listener(challenge));
    }

    CommandWords command_;
    SolverContext context_;
    std::mutex mutex_;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_exec_solver(std::string_view program,
                                                       const SolverContext& context) {
    auto command = CommandWords::find(program);
    if (!command) return std::unexpected(command.error());
    return std::make_unique<ExecSolver>(std::move(*command), context);
}

}  // namespace cairn::client
