#include "client/solvers/certbot_hooks.h"

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "client/command_words.h"
#include "client/failure.h"
#include "client/solver_program.h"

namespace cairn::client {
namespace {

using protocol::ChallengeType;

/// Of a variable: the system takes 128 KiB for one.
constexpr std::size_t max_variable = 90000;

/// With commas between; as many as a variable can hold.
std::string all_names(const Challenge& challenge) {
    const auto& names = challenge.setting.names;
    // A run that cleans up after one that died knows of this name alone.
    if (names.empty()) return challenge.identifier.base_value();
    std::string text;
    for (const auto& name : names) {
        if (text.size() + name.size() >= max_variable) break;
        text += (text.empty() ? "" : ",") + name;
    }
    return text;
}

class CertbotHooksSolver final : public Solver {
  public:
    CertbotHooksSolver(ChallengeType type, CommandWords present,
                       std::optional<CommandWords> clean_up, const SolverContext& context)
        : types_{type},
          present_(std::move(present)),
          clean_up_(std::move(clean_up)),
          context_(context) {}

    std::string specification() const override {
        auto text = fmt::format("certbot-hooks:{} {}", protocol::to_string(types_.front()),
                                shell_quoted(present_.text()));
        if (clean_up_) text += " " + shell_quoted(clean_up_->text());
        return text;
    }
    std::span<const ChallengeType> challenge_types() const override { return types_; }
    Residue residue() const override { return Residue::outlives_process; }
    Attendance attendance() const override { return Attendance::in_turn; }

    void present(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        outputs_[challenge.token.text()] = run(present_, challenge, "put up", {}, context_.timer);
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
    std::string run(const CommandWords& command, const Challenge& challenge, std::string_view verb,
                    const std::string& output, Timer& timer) const {
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
                {"CERTBOT_REMAINING_CHALLENGES", std::to_string(challenge.setting.remaining)},
                {"CERTBOT_ALL_DOMAINS", all_names(challenge)},
                {"CERTBOT_AUTH_OUTPUT", output},
            }};
        if (is_http) program.environment.emplace_back("CERTBOT_TOKEN", challenge.token.text());
        const Aim aim(fmt::format("{} the answer for {}", verb, name), Phase::challenge,
                      challenge.identifier);
        auto told = run_for_proof(
            {.program = std::move(program),
             .line = command.text(),
             .aim = aim,
             .advice = "mend the program, or run it by hand with the same CERTBOT_* variables.",
             .identifier = challenge.identifier},
            timer, &context_.listener(challenge));
        std::erase(told, '\0');  // no variable can hold it
        while (told.ends_with('\n')) told.pop_back();
        return told;
    }

    std::array<ChallengeType, 1> types_;
    CommandWords present_;
    std::optional<CommandWords> clean_up_;
    SolverContext context_;
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
                                                context);
}

}  // namespace cairn::client
