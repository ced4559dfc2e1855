#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "apps/cairn/certbot_translation.h"
#include "apps/cairn/certbot_words.h"
#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/program.h"
#include "client/durable_file.h"

namespace cairn {
namespace {

using Words = std::vector<std::string>;

/// A command line that is understood neither as certbot's nor as ours.
class Misunderstood final : public CLI::ParseError {
  public:
    explicit Misunderstood(const std::string& text)
        : ParseError("certbot", text, CLI::ExitCodes::ExtrasError) {}
};

class VersionWanted final : public CLI::CallForVersion {
  public:
    VersionWanted()
        : CallForVersion("CallForVersion", "cairn " CAIRN_VERSION, CLI::ExitCodes::Success) {}
};

/// A file for this run alone, mode 0600.
class SecretFile {
  public:
    explicit SecretFile(const std::string& text) {
        auto pattern = (std::filesystem::temp_directory_path() / "cairn-eab-XXXXXX").string();
        const client::FileDescriptor file(::mkstemp(pattern.data()));
        if (!file.is_open())
            throw client::Failure("keep the key of --eab-hmac-key for this run",
                                  "no file can be made in " + pattern);
        path_ = pattern;
        client::write_durably(path_, text, client::FileAccess::owner);
    }
    SecretFile(const SecretFile&) = delete;
    SecretFile& operator=(const SecretFile&) = delete;
    ~SecretFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

/// One of our command lines, understood.
struct Understood {
    CommonOptions common;
    Command command;
    std::string name;
};

/// Throws CLI::ParseError with the command line that is not understood.
std::shared_ptr<Understood> understand(const Words& words, const CommonOptions& outer) {
    auto understood = std::make_shared<Understood>();
    const auto program = make_program(understood->common, understood->command);
    Words reversed(words.rbegin(), words.rend());
    if (!outer.state.empty() && std::ranges::find(words, "--state") == words.end())
        reversed.insert(reversed.begin(), {outer.state, "--state"});
    try {
        program->parse(reversed);
    } catch (const CLI::ParseError& error) {
        throw Misunderstood(
            fmt::format("these words are `{}` here, and: {}", typed(words), error.what()));
    }
    understood->name = name_of_chosen(*program);
    understood->common.json = outer.json;
    understood->common.exit_code = outer.exit_code;
    understood->common.quiet |= outer.quiet;
    understood->common.verbose |= outer.verbose;
    understood->common.messages = outer.messages;
    return understood;
}

Words filled_in(Words words, std::string_view gap, const std::string& text) {
    std::ranges::replace(words, gap, text);
    return words;
}

/// The command lines for the lineages that there are.
std::vector<Words> lines_of(const CertbotTranslation& translation, const Run& run) {
    std::vector<Words> lines;
    for (const auto& command : translation.commands) {
        if (!command.is_for_every_lineage) {
            lines.push_back(command.words);
            continue;
        }
        for (const auto& lineage : run.lineages({}))
            lines.push_back(filled_in(command.words, lineage_to_fill_in, lineage.text()));
    }
    return lines;
}

boost::json::object told(const std::vector<Words>& lines, const CertbotTranslation& translation) {
    boost::json::array typed_lines;
    boost::json::array notes;
    for (const auto& line : lines) typed_lines.push_back(json_text(typed(line)));
    for (const auto& note : translation.notes) notes.push_back(json_text(note));
    return {{"translation", std::move(typed_lines)}, {"notes", std::move(notes)}};
}

Outcome explain_translation(Run& run, const CommonOptions& common,
                            const CertbotTranslation& translation) {
    const auto has_state = run.place().origin != client::StatePlace::Origin::said ||
                           std::filesystem::exists(run.state().root());
    std::vector<Words> lines;
    if (has_state)
        lines = lines_of(translation, run);
    else
        for (const auto& command : translation.commands) lines.push_back(command.words);
    if (!common.json)
        for (const auto& line : lines) run.console().print(typed(line), Delivery::required);
    for (const auto& note : translation.notes) run.console().say(note);
    if (!translation.hmac_key.empty())
        run.console().say(fmt::format(
            "Write the key of --eab-hmac-key into the file {}, mode 0600.", key_file_to_fill_in));
    return {.data = told(lines, translation), .delivery = Delivery::required};
}

/// Runs all of them up to the first that fails.
Outcome carry_out_translation(Run& run, const CommonOptions& outer,
                              const CertbotTranslation& translation) {
    std::optional<SecretFile> secret;
    if (!translation.hmac_key.empty()) secret.emplace(translation.hmac_key);
    const auto lines = lines_of(translation, run);
    for (const auto& note : translation.notes) run.console().say(note);
    Outcome outcome{.result = Result::nothing_to_do, .data = told(lines, translation)};
    boost::json::array answers;
    for (const auto& line : lines) {
        const auto words = secret ? filled_in(line, key_file_to_fill_in, secret->path()) : line;
        std::shared_ptr<Understood> understood;
        try {
            understood = understand(words, outer);
        } catch (const CLI::ParseError& error) {
            throw client::Failure("understand the command line", error.what());
        }
        const auto answer = understood->command(run);
        answers.push_back(to_json(understood->name, answer));
        if (answer.delivery == Delivery::required) outcome.delivery = Delivery::required;
        if (answer.result == Result::done && outcome.result == Result::nothing_to_do)
            outcome.result = Result::done;
        if (answer.result != Result::done && answer.result != Result::nothing_to_do) {
            outcome.result = answer.result;
            outcome.failure = answer.failure;
            break;
        }
    }
    outcome.data["answers"] = std::move(answers);
    return outcome;
}

/// Takes over what the words say of how the run is to be told, and where the state is.
void take_over(const CertbotWords& words, const CertbotTranslation& translation,
               CommonOptions& common) {
    common.json |= words.has("--json");
    common.exit_code |= words.has("--exit-code");
    common.quiet |= words.has("--quiet");
    common.verbose |= words.has("--verbose") && !common.quiet;
    common.messages = words.value_of("--messages").value_or(common.messages);
    for (const auto& command : translation.commands) {
        const auto said = std::ranges::find(command.words, "--state");
        if (said != command.words.end() && said + 1 != command.words.end())
            common.state = *(said + 1);
    }
}

}  // namespace

void add_certbot_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand(
        "certbot", "Run a command line of certbot; with --explain show it in our words instead");
    // All that follows is certbot's.
    command->prefix_command();
    command->fallthrough(false);
    command->footer(
        "run, certonly, renew, install, enhance, certificates, delete, revoke, reconfigure, "
        "register,\n"
        "unregister, update_account and show_account are known, with the flags that people use. "
        "What has no\n"
        "counterpart is refused by name. --state DIR and --json may be added.\n"
        "Examples:\n"
        "  cairn certbot --nginx -d example.com --explain\n"
        "  cairn certbot certonly --webroot -w /var/www/html -d example.com --explain\n"
        "  cairn certbot renew --quiet --deploy-hook 'systemctl reload nginx'");
    command->callback([command, &common, &chosen] {
        const auto words = CertbotWords::from_words(command->remaining());
        if (!words) throw Misunderstood(words.error().message);
        if (words->has("--help")) throw CLI::CallForHelp();
        if (words->has("--version")) throw VersionWanted();
        auto translation = translated(*words);
        if (!translation) throw Misunderstood(translation.error().message);
        take_over(*words, *translation, common);
        if (words->has("--explain")) {
            chosen = [&common, translation = std::move(*translation)](Run& run) {
                return explain_translation(run, common, translation);
            };
            return;
        }
        // A secret has no file yet; all others show now whether they are understood.
        if (translation->hmac_key.empty())
            for (const auto& each : translation->commands) understand(each.words, common);
        chosen = [&common, translation = std::move(*translation)](Run& run) {
            return carry_out_translation(run, common, translation);
        };
    });
}

}  // namespace cairn
