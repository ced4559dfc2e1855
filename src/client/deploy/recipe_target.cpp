// A target by a recipe: what stands in the file is done.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/command_words.h"
#include "client/deploy/server_steps.h"
#include "client/deploy/target_recipe.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

using Values = std::vector<std::pair<std::string, std::string>>;
enum class Quoting { none, words };

std::string filled(const std::string& text, const Values& values, Quoting quoting) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto end = text[i] == '{' ? text.find('}', i) : std::string::npos;
        const auto found = end == std::string::npos
                               ? values.end()
                               : std::ranges::find(values, text.substr(i + 1, end - i - 1),
                                                   &Values::value_type::first);
        if (found == values.end()) {
            result += text[i];
            continue;
        }
        result += quoting == Quoting::words ? shell_quoted(found->second) : found->second;
        i = end;
    }
    return result;
}

class RecipeTarget final : public Target {
  public:
    RecipeTarget(TargetRecipe recipe, Values values, FileRights said, ServerSteps steps,
                 std::string text)
        : recipe_(std::move(recipe)),
          values_(std::move(values)),
          said_(said),
          steps_(std::move(steps)),
          text_(std::move(text)) {}

    std::string text() const override { return text_; }

    std::vector<Failure> obstacles(const DeploySubject& subject) override {
        const auto steps = steps_for(subject);
        auto found = steps.obstacles(subject);
        for (const auto& file : recipe_.files) {
            const auto path = path_of(file, subject);
            if (!path.is_absolute())
                found.emplace_back(Aim{fmt::format("write {}", path.string()), Phase::deploy},
                                   "it is no absolute path", "name one by an option.");
            else if (auto obstacle = obstacle_to_file(path))
                found.push_back(*obstacle);
            if (const auto rights = rights_of(file); !rights)
                found.emplace_back(Aim{fmt::format("give {} away", path.string()), Phase::deploy},
                                   rights.error().message,
                                   "install the server, or say owner= and group=.");
        }
        return found;
    }

    DeployFiles files(const DeployMaterial& material) override {
        DeployFiles all;
        const auto& certificate = steps_.certificate(material);
        for (const auto& file : recipe_.files) {
            const auto rights = rights_of(file);
            if (!rights)
                throw Failure({fmt::format("give {} away", file.path), Phase::deploy},
                              rights.error().message);
            all.matched.push_back(
                deploy_file(path_of(file, material.subject), file.contents, certificate, *rights));
        }
        return all;
    }

    std::vector<std::string> outline(const DeploySubject& subject) override {
        std::vector<std::string> lines;
        for (const auto& file : recipe_.files)
            lines.push_back(fmt::format("{} is written ({})", path_of(file, subject).string(),
                                        to_string(file.contents)));
        std::ranges::move(steps_for(subject).outline(), std::back_inserter(lines));
        if (!recipe_.setup.empty())
            lines.push_back("its configuration has to say: " +
                            filled(recipe_.setup, with_lineage(subject), Quoting::none));
        return lines;
    }

    void check(const DeployMaterial& material, const TargetRun& run) override {
        steps_for(material.subject).run_check(run);
    }
    void activate(const DeployMaterial& material, const TargetRun& run) override {
        steps_for(material.subject).run_reload(run);
    }
    std::vector<DeployProbe> probes(const DeployMaterial& material) override {
        return steps_for(material.subject).probes_for(material);
    }
    std::chrono::milliseconds probe_patience() const override { return steps_.patience; }

  private:
    [[nodiscard]] Values with_lineage(const DeploySubject& subject) const {
        auto values = values_;
        values.emplace_back("lineage", subject.lineage.text());
        return values;
    }
    [[nodiscard]] ServerSteps steps_for(const DeploySubject& subject) const {
        auto steps = steps_;
        const auto values = with_lineage(subject);
        steps.check = filled(steps.check, values, Quoting::words);
        steps.reload = filled(steps.reload, values, Quoting::words);
        return steps;
    }
    [[nodiscard]] fs::path path_of(const TargetRecipe::File& file,
                                   const DeploySubject& subject) const {
        return fs::path(filled(file.path, with_lineage(subject), Quoting::none)).lexically_normal();
    }
    [[nodiscard]] base::Result<FileRights> rights_of(const TargetRecipe::File& file) const {
        auto rights = said_;
        const auto fill = [&](const std::string& text) {
            return filled(text, values_, Quoting::none);
        };
        if (!rights.owner && !file.owner.empty()) {
            const auto owner = user_from(fill(file.owner));
            if (!owner) return std::unexpected(owner.error());
            rights.owner = *owner;
        }
        if (!rights.group && !file.group.empty()) {
            const auto group = group_from(fill(file.group));
            if (!group) return std::unexpected(group.error());
            rights.group = *group;
        }
        // What was said is for the key.
        if (!has_key(file.contents)) rights.mode.reset();
        if (!rights.mode && !file.mode.empty()) rights.mode = mode_from(file.mode).value();
        return rights;
    }

    TargetRecipe recipe_;
    Values values_;
    FileRights said_;
    ServerSteps steps_;
    std::string text_;
};

}  // namespace

base::Result<std::unique_ptr<Target>> make_recipe_target(const TargetRecipe& recipe,
                                                         TargetOptions& options) {
    Values values;
    for (const auto& option : recipe.options) {
        auto value = options.take(option.name).value_or(option.usual);
        values.emplace_back(option.name, std::move(value));
    }
    // What stands behind the colon is the folder.
    if (const auto argument = options.argument(); !argument.empty()) {
        const auto folder = std::ranges::find(values, "dir", &Values::value_type::first);
        if (folder == values.end())
            options.refuse("", fmt::format("nothing is expected behind {}:", recipe.name));
        else if (options.has("dir"))
            options.refuse("dir", "is said twice");
        else
            folder->second = argument;
    }
    ServerSteps usual{.check = recipe.check, .reload = recipe.reload, .patience = recipe.timeout};
    for (const auto& each : recipe.probes) {
        const auto address = filled(each.address, values, Quoting::none);
        auto probe = probe_from(address);
        if (!probe) {
            options.refuse("probe", probe.error().message);
            continue;
        }
        probe->start_tls = each.start_tls;
        probe->server_name = filled(each.server_name, values, Quoting::none);
        usual.probes.push_back(std::move(*probe));
    }
    const auto rights = options.take_rights();
    auto steps = ServerSteps::take(options, std::move(usual));
    return std::make_unique<RecipeTarget>(recipe, std::move(values), rights, std::move(steps),
                                          options.text());
}

}  // namespace cairn::client
