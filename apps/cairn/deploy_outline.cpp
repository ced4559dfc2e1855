#include "apps/cairn/deploy_outline.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"

namespace cairn {
namespace {

constexpr std::size_t max_text = 300;

constexpr std::size_t max_line = 2000;

/// A sentence, or one with the difference of a file below it.
void tell_step(Run& run, std::string_view step) {
    const auto first = step.substr(0, step.find('\n'));
    const bool is_alone = first.size() == step.size();
    run.console().say("  " + base::printable(first, max_text) + (is_alone ? "." : ""));
    while (step.contains('\n')) {
        step.remove_prefix(step.find('\n') + 1);
        auto line = step.substr(0, step.find('\n'));
        if (line.ends_with('\r')) line.remove_suffix(1);
        auto shown = "    " + std::string(line.substr(0, max_line));
        // What is indented stays so.
        std::ranges::replace(shown, '\t', ' ');
        if (!step.empty()) run.console().say(base::printable(shown, max_line));
    }
}

}  // namespace

DeployOutline tell_outline(Run& run, const client::DeploySubject& subject,
                           const std::vector<client::DeployTarget>& targets) {
    DeployOutline outline;
    const auto context = run.target_context();
    for (const auto& key : client::deploy_order(context, targets)) {
        boost::json::array steps;
        boost::json::array obstacles;
        run.console().say(
            fmt::format("Would deploy to {}:", base::printable(key.text(), max_text)));
        if (auto target = client::find_target(key, context))
            for (const auto& line : (*target)->outline(subject)) {
                tell_step(run, line);
                steps.push_back(json_text(line));
            }
        for (const auto& obstacle : client::obstacles_to_deployment(context, subject, key)) {
            run.console().warn(obstacle.what());
            obstacles.push_back(facts_of(obstacle));
            if (!outline.obstacle) outline.obstacle = obstacle;
        }
        outline.targets.push_back(boost::json::object{{"target", json_text(key.text())},
                                                      {"steps", std::move(steps)},
                                                      {"obstacles", std::move(obstacles)}});
    }
    return outline;
}

boost::json::array states_json(const std::vector<client::TargetState>& states) {
    boost::json::array told;
    for (const auto& state : states) {
        boost::json::object facts{{"target", json_text(state.target.text())},
                                  {"state", client::to_string(state.kind)}};
        if (state.number > 0) {
            facts["generation"] = state.number;
            facts["since"] = base::to_rfc3339(state.since);
        }
        if (state.failure) {
            auto failure = facts_of(state.failure->failure);
            failure["time"] = base::to_rfc3339(state.failure->time);
            failure["since"] = base::to_rfc3339(state.failure->since);
            facts["failure"] = std::move(failure);
        }
        told.push_back(std::move(facts));
    }
    return told;
}

std::vector<std::string> target_remarks(const std::vector<client::TargetState>& states) {
    using Kind = client::TargetState::Kind;
    std::vector<std::string> lines;
    for (const auto& state : states) {
        const auto target = base::printable(state.target.text(), max_text);
        if (state.kind == Kind::failed)
            lines.push_back(fmt::format(
                "{} does not have it: the deployment on {} failed: could not {}: {}", target,
                base::to_rfc3339(state.failure->time), state.failure->failure.tried(),
                base::printable(state.failure->failure.came_back(), 600)));
        else if (state.kind == Kind::pending)
            lines.push_back(
                fmt::format("{} does not have it yet; `cairn renew` deploys it", target));
    }
    return lines;
}

}  // namespace cairn
