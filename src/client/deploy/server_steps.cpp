#include "client/deploy/server_steps.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/duration.h"
#include "client/command_words.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds longest_patience{600};

}  // namespace

ServerSteps ServerSteps::take(TargetOptions& options, ServerSteps usual) {
    auto steps = std::move(usual);
    // "none" stands for a step that is left out, also where the usual one is there.
    const auto take_command = [&](std::string_view key, std::string& line) {
        if (!options.has(key)) {
            static_cast<void>(options.take(key));
            return;
        }
        line = options.take_command(key);
        if (line == "none" || line.ends_with("/none")) line.clear();
    };
    take_command("check", steps.check);
    take_command("reload", steps.reload);
    const bool is_place_said = options.has("probe");
    auto said = options.take_probes();
    if (is_place_said) {
        // Of STARTTLS and the name, what was said, else as usual.
        if (!steps.probes.empty())
            for (auto& probe : said) {
                if (!options.has("starttls")) probe.start_tls = steps.probes.front().start_tls;
                if (!options.has("server-name"))
                    probe.server_name = steps.probes.front().server_name;
            }
        steps.probes = std::move(said);
    } else {
        if (const auto name = options.take("server-name"))
            for (auto& probe : steps.probes) probe.server_name = *name;
        if (const auto text = options.take("starttls"))
            if (const auto kind = start_tls_from(*text))
                for (auto& probe : steps.probes) probe.start_tls = *kind;
    }
    if (const auto text = options.take("timeout")) {
        const auto duration = base::duration_from(*text);
        if (!duration)
            options.refuse("timeout", duration.error().message);
        else if (*duration > longest_patience || *duration < std::chrono::seconds{1})
            options.refuse("timeout", "must be from 1s to 10m");
        else
            steps.patience = std::chrono::duration_cast<std::chrono::seconds>(*duration);
    }
    if (const auto type = options.take_key_type()) steps.key_type = type;
    return steps;
}

ServerSteps ServerSteps::take(TargetOptions& options) {
    return take(options, ServerSteps());
}

std::optional<Failure> obstacle_to_file(const fs::path& path) {
    std::error_code none;
    auto folder = path.parent_path();
    while (!fs::exists(folder, none) && folder.has_relative_path()) folder = folder.parent_path();
    if (!fs::is_directory(folder, none))
        return Failure({fmt::format("write {}", path.string()), Phase::deploy},
                       fmt::format("{} is not a folder", folder.string()), "name another place.");
    if (fs::is_directory(path, none))
        return Failure({fmt::format("write {}", path.string()), Phase::deploy}, "it is a folder",
                       "name a file in it.");
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return std::nullopt;
    return Failure({fmt::format("write {}", path.string()), Phase::deploy},
                   fmt::format("{}: {}", folder.string(), std::generic_category().message(errno)),
                   "run as a user who may write there, or name another place.");
}

std::optional<Failure> obstacle_to_command(const std::string& line, std::string_view purpose) {
    if (line.empty()) return std::nullopt;
    const auto command = CommandWords::find(line);
    if (command) return std::nullopt;
    return Failure(
        {fmt::format("run the {} command {}", purpose, base::printable(line)), Phase::deploy},
        command.error().message,
        fmt::format("name the program that is meant ({}=PROGRAM), or none.", purpose));
}

std::vector<Failure> ServerSteps::obstacles(const DeploySubject& subject) const {
    std::vector<Failure> found;
    for (auto& obstacle :
         {obstacle_to_command(check, "check"), obstacle_to_command(reload, "reload")})
        if (obstacle) found.push_back(*obstacle);
    const auto& types = subject.plan.key_types;
    if (key_type && std::ranges::find(types, *key_type) == types.end())
        found.emplace_back(
            Aim{fmt::format("deploy the certificate for {}", crypto::to_string(*key_type)),
                Phase::deploy},
            "the plan has none of this type", "add --key-type, or name another.");
    return found;
}

std::vector<std::string> ServerSteps::outline() const {
    std::vector<std::string> lines;
    if (!check.empty()) lines.push_back(fmt::format("{} checks it", check));
    if (!reload.empty()) lines.push_back(fmt::format("{} has it read", reload));
    for (const auto& probe : probes)
        lines.push_back(
            fmt::format("{} is looked at until it shows the new certificate, for {} s "
                        "at most; else all is rolled back",
                        probe.to_string(), patience.count()));
    return lines;
}

const DeployCertificate& ServerSteps::certificate(const DeployMaterial& material) const {
    if (!key_type) return material.first();
    for (const auto& certificate : material.certificates)
        if (certificate.key_type == *key_type) return certificate;
    throw Failure(
        {fmt::format("deploy the certificate for {}", crypto::to_string(*key_type)), Phase::deploy},
        "the lineage has none of this type", "add --key-type, or name another.");
}

void ServerSteps::run_check(const TargetRun& run) const {
    if (!check.empty()) run.command(check, "check");
}

void ServerSteps::run_reload(const TargetRun& run) const {
    if (!reload.empty()) run.command(reload, "reload");
}

std::vector<DeployProbe> ServerSteps::probes_for(const DeployMaterial& material) const {
    auto all = probes;
    const auto& shown = certificate(material);
    for (auto& probe : all)
        if (!probe.key_type) probe.key_type = shown.key_type;
    return all;
}

}  // namespace cairn::client
