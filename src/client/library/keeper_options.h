#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/failure.h"
#include "client/library/kept_certificate.h"
#include "client/library/wanted_certificate.h"
#include "client/progress.h"
#include "client/solver.h"

namespace cairn::client {

/// That a certificate could not be obtained or renewed; it is tried again.
struct KeeperTrouble {
    /// What the certificate is called in the state folder.
    std::string lineage;
    /// What was attempted, what came back, and what to do next.
    Failure failure;
    /// The end of what stands meanwhile; nothing: there is none that is valid.
    std::optional<base::Time> valid_until;
};

/// What a program that keeps certificates says once.
struct KeeperOptions {
    /// Where accounts, keys and certificates are kept, mode 0700, in the form of `cairn --state`:
    /// the program `cairn` shows and explains them. Several processes may share it.
    std::filesystem::path state_folder;
    /// At least one.
    std::vector<WantedCertificate> certificates;
    /// Solvers of the program's own, found by what each calls itself (`Solver::specification`).
    std::vector<std::shared_ptr<Solver>> solvers{};
    /// Is told of each certificate that stands, and of each newer one in its place, also if another
    /// process has obtained it. What leaves it as an exception is told as trouble, and the
    /// certificate again in the next round.
    std::function<void(const KeptCertificate&)> on_certificate{};
    /// Is told what has failed, each time; nobody need listen. What leaves it as an exception is
    /// dropped.
    std::function<void(const KeeperTrouble&)> on_trouble{};
    /// Hears of every step; null: nobody does. Outlives the keeper.
    Progress* progress = nullptr;
    /// How the program names itself to CAs: "example/1.0"; empty: as Cairn alone.
    std::string program{};
    /// Where credentials of DNS providers are, as `cairn --config` has it; empty: /etc/cairn.
    std::filesystem::path settings_folder{};
};

}  // namespace cairn::client
