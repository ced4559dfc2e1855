#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "client/deploy/target.h"
#include "client/deploy/target_options.h"

namespace cairn::client {

/// What is done with a server around the files that it reads: the options check, reload, probe,
/// starttls, server-name, timeout and key-type, which many kinds of targets have.
struct ServerSteps {
    /// Lines for programs (`CommandWords`), each empty for none.
    std::string check{}, reload{};
    std::vector<DeployProbe> probes{};
    std::chrono::seconds patience{30};
    /// Which certificate of the lineage it gets; nothing: the first.
    std::optional<crypto::KeyType> key_type{};

    /// What was said, and of what was not said the usual.
    [[nodiscard]] static ServerSteps take(TargetOptions& options, ServerSteps usual);
    [[nodiscard]] static ServerSteps take(TargetOptions& options);

    [[nodiscard]] std::vector<Failure> obstacles(const DeploySubject& subject) const;
    [[nodiscard]] std::vector<std::string> outline() const;
    /// Throws Failure if the lineage has none of that type.
    [[nodiscard]] const DeployCertificate& certificate(const DeployMaterial& material) const;
    void run_check(const TargetRun& run) const;
    void run_reload(const TargetRun& run) const;
    [[nodiscard]] std::vector<DeployProbe> probes_for(const DeployMaterial& material) const;
};

/// What keeps a file from being put at `path`: a folder that this user may not write. Nothing if
/// nothing does.
[[nodiscard]] std::optional<Failure> obstacle_to_file(const std::filesystem::path& path);
/// What keeps a command from being run; nothing if nothing does, or there is none.
[[nodiscard]] std::optional<Failure> obstacle_to_command(const std::string& line,
                                                         std::string_view purpose);

}  // namespace cairn::client
