#include "client/solvers/certbot_hooks.h"

#include <array>
#include <map>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "client/child_process.h"
#include "client/command_words.h"
#include "client/failure.h"

namespace cairn::client {
namespace {

using protocol::ChallengeType;

class CertbotHooksSolver final : public Solver {
  public:
    CertbotHooksSolver(ChallengeType type, CommandWords present,
                       std::optional<CommandWords> clean_up, Timer& timer)
        : types_{type},
          present_(std::move(present)),
          clean_up_(std::move(clean_up)),
          timer_(timer) {}

    std::string specification() const override {
        auto text = fmt::format("certbot-hooks:{} {}", protocol::to_string(types_.front()),
                                shell_quoted(present_.text()));
        if (clean_up_) text += " " + shell_quoted(clean_up_->text());
        return text;
    }
    std::span<const ChallengeType> challenge_types() const override { return types_; }
    Residue residue() const override { return Residue::outlives_process; }

    void present(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        outputs_[challenge.token.text()] = run(present_, challenge, "put up", {}, timer_);
    }

    void clean_up(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        auto output = outputs_.extract(challenge.token.text());
        if (!clean_up_) return;
        // A run that is asked to stop still takes down what it has put up.
        SystemTimer unstoppable;
        run(*clean_up_, challenge, "take down", output ? output.mapped() : std::string(),
            unstoppable);
    }

  private:
    static std::string run(const CommandWords& command, const Challenge& challenge,
                           std::string_view verb, const std::string& output, Timer& timer) {
        const auto name = challenge.identifier.base_value();
        const bool is_http = challenge.type == ChallengeType::http_01;
        ChildProgram program{
            .path = command.program(),
            .arguments = command.arguments(),
            .environment = {
                {"CERTBOT_DOMAIN", name},
                {"CERTBOT_IDENTIFIER", name},
                {"CERTBOT_VALIDATION",
                 is_http ? challenge.key_authorization : dns_record_of(challenge).value},
                // Each may be the last: the CA is asked to look as soon as this one is up.
                {"CERTBOT_REMAINING_CHALLENGES", "0"},
                {"CERTBOT_ALL_DOMAINS", name},
                {"CERTBOT_AUTH_OUTPUT", output},
            }};
        if (is_http) program.environment.emplace_back("CERTBOT_TOKEN", challenge.token.text());
        const Aim aim(fmt::format("{} the answer for {}", verb, name), Phase::challenge,
                      challenge.identifier);
        const auto result = run_program(program, timer);
        if (!result) throw Failure(aim, result.error().message, "check the program.");
        if (result->status != 0)
            throw Failure(aim,
                          fmt::format("{} ended with status {}: \"{}\"", command.text(),
                                      result->status, base::printable(result->output, 1000)),
                          "mend the program, or run it by hand with the same CERTBOT_* variables.");
        auto told = result->output;
        std::erase(told, '\0');  // no variable can hold it
        while (told.ends_with('\n')) told.pop_back();
        return told;
    }

    std::array<ChallengeType, 1> types_;
    CommandWords present_;
    std::optional<CommandWords> clean_up_;
    Timer& timer_;
    /// One program at a time, as certbot runs them.
    std::mutex mutex_;
    /// What the first program has said, by the token of the challenge.
    std::map<std::string, std::string> outputs_;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_certbot_hooks_solver(std::string_view argument,
                                                                const SolverContext& context) {
    const auto words = CommandWords::from_text(argument);
    if (!words) return std::unexpected(words.error());
    const auto type = protocol::challenge_type_from(words->program().string());
    const auto lines = words->arguments();
    if ((type != ChallengeType::http_01 && type != ChallengeType::dns_01) || lines.empty() ||
        lines.size() > 2)
        return base::fail(
            "needs \"http-01\" or \"dns-01\" and the lines of one or two programs, each in quotes");
    auto present = CommandWords::find(lines.front());
    if (!present) return std::unexpected(present.error());
    std::optional<CommandWords> clean_up;
    if (lines.size() == 2) {
        auto found = CommandWords::find(lines.back());
        if (!found) return std::unexpected(found.error());
        clean_up = std::move(*found);
    }
    return std::make_unique<CertbotHooksSolver>(*type, std::move(*present), std::move(clean_up),
                                                context.timer);
}

}  // namespace cairn::client
