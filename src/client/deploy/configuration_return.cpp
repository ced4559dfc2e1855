#include "client/deploy/configuration_return.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "client/deploy/edit_history.h"
#include "client/deploy/file_edits.h"
#include "client/deploy/target.h"
#include "client/deploy/transaction.h"
#include "client/deployment.h"
#include "client/durable_file.h"
#include "client/failure.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view aim = "put back the configuration as it was before the last change";

/// Kinds of targets that change a server's configuration.
bool changes_configuration(const DeployTarget& target) {
    constexpr std::array<std::string_view, 2> kinds = {"nginx", "apache"};
    const auto text = std::string_view(target.target);
    return !target.is_program() &&
           std::ranges::find(kinds, text.substr(0, text.find_first_of(":,"))) != kinds.end();
}

/// What the files of the edits hold now.
std::vector<FileEdit> edits_from_now(std::vector<FileEdit> edits) {
    for (auto& edit : edits) {
        const auto now = read_file(edit.path, max_edited_file);
        edit.after = now ? std::optional(*now) : std::nullopt;
    }
    return edits;
}

}  // namespace

std::vector<fs::path> return_configuration(const Environment& environment,
                                           const LineageName& lineage, const CertificatePlan& plan,
                                           Progress& progress) {
    const auto journals = EditHistory(environment.state.root(), lineage).journals();
    if (journals.empty())
        throw Failure(
            {aim.data(), Phase::deploy},
            fmt::format("no change is kept that a target of {} has made", lineage.text()));
    FileEdits last(journals.front());
    const auto recorded = last.recorded();
    if (!recorded) throw Failure({aim.data(), Phase::deploy}, recorded.error().message);
    // As they are now, also where somebody else has changed them since.
    auto again = edits_from_now(*recorded);
    last.undo();

    std::vector<std::unique_ptr<Target>> servers;
    const auto material = deploy_material(environment, lineage, plan);
    const TargetRun run{environment.timer, progress, environment.hook_patience,
                        deploy_variables(environment, lineage, plan)};
    try {
        for (const auto& key : plan.deploy_targets) {
            if (!changes_configuration(key)) continue;
            auto target = find_target(key, target_context(environment));
            if (!target) throw Failure({aim.data(), Phase::deploy}, target.error().message);
            (*target)->check(material, run);
            servers.push_back(std::move(*target));
        }
    } catch (const Failure& failure) {
        for (auto& edit : again) {
            const auto now = read_file(edit.path, max_edited_file);
            edit.before = now ? std::optional(*now) : std::nullopt;
        }
        last.apply(again);
        throw Failure({aim.data(), Phase::deploy},
                      fmt::format("{}: {}; the change stands as it did", failure.tried(),
                                  failure.came_back()),
                      "mend the configuration by hand.");
    }
    for (const auto& server : servers) server->activate(material, run);
    std::vector<fs::path> files;
    for (const auto& edit : *recorded) files.push_back(edit.path);
    return files;
}

}  // namespace cairn::client
