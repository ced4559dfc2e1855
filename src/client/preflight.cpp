#include "client/preflight.h"

#include <algorithm>
#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/command_words.h"
#include "client/deployment.h"
#include "protocol/challenge_type.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

bool is_by_dns(protocol::ChallengeType type) {
    using enum protocol::ChallengeType;
    return type == dns_01 || type == dns_account_01 || type == dns_persist_01;
}

std::string types_of(const Solver& solver) {
    std::string text;
    for (const auto type : solver.challenge_types())
        text += (text.empty() ? "" : " or ") + std::string(protocol::to_string(type));
    return text;
}

/// Whether any challenge of the solver can prove control of such a name at all (RFC 8555 sections
/// 7.1.3 and 8.4, RFC 8738 section 7).
bool suits(const Solver& solver, const protocol::Identifier& name) {
    return std::ranges::any_of(solver.challenge_types(), [&](protocol::ChallengeType type) {
        if (name.is_wildcard()) return is_by_dns(type);
        if (name.type() == protocol::IdentifierType::ip) return !is_by_dns(type);
        return true;
    });
}

std::string user_name(uid_t user) {
    passwd entry{};
    passwd* found = nullptr;
    std::string buffer(4096, '\0');
    if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
        return base::printable(found->pw_name);
    return std::to_string(user);
}

/// Collects the obstacles of one plan. Used once.
class Preflight {
  public:
    Preflight(const CertificatePlan& plan, SolverSet& solvers, const StateDirectory& state,
              PortsLookedAt ports, HooksLookedAt hooks)
        : plan_(plan), solvers_(solvers), state_(state), ports_(ports), hooks_(hooks) {}

    std::vector<Obstacle> run() {
        for (const auto& name : plan_.names) look_at(name);
        look_at_hook("pre_hook", plan_.pre_hook);
        look_at_hook("post_hook", plan_.post_hook);
        look_at_hook("failure_hook", plan_.failure_hook);
        for (const auto& target : plan_.deploy_targets)
            if (target.is_program()) look_at_hook("deploy_hook", target.hook);
        for (const auto& authority : plan_.authorities) look_at_roots(authority.root_file);
        look_at_state();
        return std::move(found_);
    }

  private:
    void look_at(const RequestedName& name) {
        const auto value = name.identifier.value();
        const Aim aim(fmt::format("prove control of {}", value), Phase::challenge, name.identifier);
        const auto solver = solvers_.find(name.solver);
        if (!solver) {
            found_.push_back(
                {value, Failure(aim, solver.error().message, solver_advice(name.solver, value))});
            return;
        }
        if (!suits(**solver, name.identifier)) {
            const bool is_wildcard = name.identifier.is_wildcard();
            found_.push_back(
                {value, Failure(aim,
                                fmt::format("the solver {} answers {}, which proves nothing of {}",
                                            (*solver)->specification(), types_of(**solver),
                                            is_wildcard ? "a wildcard" : "an address"),
                                fmt::format("choose one for {}: -d '{}={}'.",
                                            is_wildcard ? "the DNS" : "the web", value,
                                            is_wildcard ? "exec:PROGRAM" : "standalone"))});
            return;
        }
        look_at(**solver, value);
    }

    /// Each solver once, however many names it is for.
    void look_at(Solver& solver, const std::string& subject) {
        if (std::ranges::find(looked_at_, &solver) != looked_at_.end()) return;
        looked_at_.push_back(&solver);
        if (ports_ == PortsLookedAt::no && solver.listens()) return;
        if (auto obstacle = solver.obstacle()) found_.push_back({subject, std::move(*obstacle)});
    }

    void look_at_hook(const std::string& subject, const std::string& line) {
        if (line.empty() || hooks_ == HooksLookedAt::no) return;
        if (const auto command = CommandWords::find(line); !command)
            found_.push_back({subject, Failure(fmt::format("run {}", base::printable(line)),
                                               command.error().message,
                                               "name the program that is meant, or none ('').")});
    }

    void look_at_roots(const fs::path& file) {
        if (file.empty() || ::faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) == 0) return;
        found_.push_back({"--ca-root", Failure(fmt::format("read {}", file.string()),
                                               std::generic_category().message(errno),
                                               "name the file with the roots of the CA's TLS.")});
    }

    /// The folder of the state, or the one that it would be made in.
    void look_at_state() {
        std::error_code none;
        auto folder = fs::absolute(state_.root(), none);
        while (!fs::exists(folder, none) && folder.has_relative_path())
            folder = folder.parent_path();
        if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return;
        auto why = std::generic_category().message(errno);
        struct stat status{};
        if (::stat(folder.c_str(), &status) == 0 && status.st_uid != ::geteuid())
            why += fmt::format(": it belongs to {}, and this runs as {}", user_name(status.st_uid),
                               user_name(::geteuid()));
        found_.push_back(
            {"the state", Failure(fmt::format("write in {}", folder.string()), std::move(why),
                                  "run as the user whom it belongs to, or name another --state.")});
    }

    const CertificatePlan& plan_;
    SolverSet& solvers_;
    const StateDirectory& state_;
    PortsLookedAt ports_;
    HooksLookedAt hooks_;
    std::vector<const Solver*> looked_at_;
    std::vector<Obstacle> found_;
};

}  // namespace

void settle(CertificatePlan& plan, SolverSet& solvers) {
    for (auto& name : plan.names)
        if (const auto solver = solvers.find(name.solver)) name.solver = (*solver)->specification();
}

std::vector<Obstacle> obstacles_to(const CertificatePlan& plan, SolverSet& solvers,
                                   const StateDirectory& state, PortsLookedAt ports,
                                   HooksLookedAt hooks) {
    return Preflight(plan, solvers, state, ports, hooks).run();
}

Failure failure_of(const LineageName& lineage, const std::vector<Obstacle>& obstacles) {
    if (obstacles.size() == 1) return obstacles.front().failure.in(Phase::challenge);
    std::string all;
    for (const auto& [subject, failure] : obstacles)
        all += fmt::format("\n  {}: could not {}: {}\n    Next: {}", subject, failure.tried(),
                           failure.came_back(), failure.next());
    return {{fmt::format("order a certificate for {}", lineage.text()), Phase::challenge},
            fmt::format("{} things stand in the way:{}", obstacles.size(), all),
            "mend these and run again; nothing was ordered."};
}

void require_clear_way(const LineageName& lineage, const CertificatePlan& plan, SolverSet& solvers,
                       const StateDirectory& state, PortsLookedAt ports, HooksLookedAt hooks) {
    auto obstacles = obstacles_to(plan, solvers, state, ports, hooks);
    const TargetContext context{.clock = solvers.context().clock,
                                .settings_folder = solvers.context().settings_folder,
                                .user_agent = solvers.context().user_agent};
    for (const auto& target : plan.deploy_targets) {
        if (target.is_program() || hooks == HooksLookedAt::no) continue;
        for (auto& failure :
             obstacles_to_deployment(context, {lineage, plan, state.live(lineage)}, target))
            obstacles.push_back(
                {fmt::format("deploy to {}", base::printable(target.text())), std::move(failure)});
    }
    if (!obstacles.empty()) throw failure_of(lineage, obstacles);
}

}  // namespace cairn::client
