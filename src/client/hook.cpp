#include "client/hook.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/enum_table.h"
#include "client/child_process.h"
#include "client/command_words.h"

namespace cairn::client {
namespace {

/// Of the output, in the text of a failure.
constexpr std::size_t max_told = 1000;
/// Of the output, kept with the attempt.
constexpr std::size_t max_kept = 4096;
/// Of a variable: the system takes 128 KiB for one.
constexpr std::size_t max_variable = 90000;

constexpr base::EnumTable<HookKind, std::string_view> kind_names({
    {HookKind::pre, "pre-hook"},
    {HookKind::post, "post-hook"},
    {HookKind::deploy, "deploy-hook"},
    {HookKind::failure, "failure-hook"},
});

/// What a program has written, line by line, without what a terminal would obey. `between` parts
/// the lines.
std::string lines_of(std::string_view output, std::string_view between, std::size_t limit) {
    std::string text;
    while (!output.empty() && text.size() < limit) {
        const auto end = output.find('\n');
        auto line = output.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) {
            if (!text.empty()) text += between;
            text += base::printable(line, limit - std::min(limit, text.size()));
        }
        output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    }
    return text;
}

bool is_hook(std::string_view role) {
    return role.ends_with("-hook");
}

}  // namespace

std::string_view to_string(HookKind kind) {
    return kind_names[kind];
}

std::string names_for_hook(const std::vector<protocol::Identifier>& names) {
    std::string text;
    for (const auto& name : names) {
        if (text.size() + name.value().size() >= max_variable) break;
        text += (text.empty() ? "" : " ") + name.value();
    }
    return text;
}

HookVariables lineage_variables(const StateDirectory& state, const LineageName& lineage,
                                const CertificatePlan& plan) {
    return {{"CAIRN_LINEAGE", lineage.text()},
            {"CAIRN_NAMES", names_for_hook(plan.identifiers())},
            {"CAIRN_LIVE_DIR", state.live(lineage).string()}};
}

std::string run_command(const HookCall& call, std::string_view role, Timer& timer,
                        Progress& progress) {
    const std::string subject(role);
    progress.tell({.kind = ProgressKind::hook_running, .place = call.command, .subject = subject});
    const auto wrong = [&](std::string_view what) {
        return fmt::format("the {} {}: {}", is_hook(role) ? "hook" : subject + " command",
                           call.command, what);
    };
    const auto command = CommandWords::find(call.command);
    if (!command) return wrong(command.error().message);
    ChildProgram program{.path = command->program(),
                         .arguments = command->arguments(),
                         .environment = call.variables,
                         .deadline = call.patience};
    const auto result = run_program(program, timer);
    if (!result) return wrong(result.error().message);
    progress.tell({.kind = ProgressKind::hook_ended,
                   .place = call.command,
                   .number = static_cast<unsigned long>(result->status),
                   .text = lines_of(result->output, "\n", max_kept),
                   .subject = subject});
    if (result->status == 0) return {};
    return fmt::format("the {} {} ended with status {}: \"{}\"",
                       is_hook(role) ? "hook" : subject + " command", call.command, result->status,
                       lines_of(result->output, " / ", max_told));
}

std::string run_hook(const HookCall& call, Timer& timer, Progress& progress) {
    const std::string role(to_string(call.kind));
    auto with_role = call;
    with_role.variables.emplace_back("CAIRN_HOOK", role.substr(0, role.find('-')));
    return run_command(with_role, role, timer, progress);
}

}  // namespace cairn::client
