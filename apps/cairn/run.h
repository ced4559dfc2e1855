#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apps/cairn/console.h"
#include "apps/cairn/interruption.h"
#include "base/clock.h"
#include "client/deploy/target.h"
#include "client/issuance.h"
#include "client/network_evidence.h"
#include "client/session_pool.h"
#include "client/settings.h"
#include "client/solver.h"
#include "client/state_directory.h"
#include "client/state_place.h"
#include "client/timer.h"
#include "crypto/random.h"

namespace cairn {

/// What is said on the command line for all commands.
struct CommonOptions {
    /// Empty: where it is by default.
    std::string state;
    /// The folder of cairn.toml; empty: where it is by default.
    std::string config;
    bool json = false;
    /// Say what went wrong alone.
    bool quiet = false;
    /// Say also what a request came to.
    bool verbose = false;
    /// Tell by the exit code that there was nothing to do.
    bool exit_code = false;
    /// "sentences" or "json".
    std::string messages = "sentences";
};

/// One run of the program: the parts that a command works with, put together once the command line
/// is known.
class Run {
  public:
    Run(const CommonOptions& options, Console& console, Interruption& interruption);
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    /// A run that has refused leaves no empty state behind.
    ~Run();

    [[nodiscard]] Console& console() { return console_; }
    [[nodiscard]] const client::StateDirectory& state() const { return state_; }
    [[nodiscard]] const client::StatePlace& place() const { return place_; }
    /// Says so if the state is where a former version had it by default.
    void tell_of_former_place();
    [[nodiscard]] const base::Clock& clock() const { return clock_; }
    [[nodiscard]] client::Timer& timer() { return timer_; }
    [[nodiscard]] client::SolverSet& solvers() { return solvers_; }
    /// The sessions that all commands and jobs of the run share.
    [[nodiscard]] client::SessionPool& sessions() { return sessions_; }
    [[nodiscard]] client::Environment environment();
    /// What deploy targets are made with.
    [[nodiscard]] client::TargetContext target_context() const {
        return {.clock = clock_,
                .settings_folder = settings_folder_,
                .user_agent = session_options_.user_agent};
    }
    /// For a program that runs all the time: what one round of it works with instead of the parts
    /// of the run, so that nothing binds it that an earlier one knew of CAs and credentials.
    struct Round {
        explicit Round(Run& run);
        client::SolverSet solvers;
        client::SessionPool sessions;
    };
    [[nodiscard]] client::Environment environment(Round& round);
    /// What cairn.toml says, read once, with the usual settings in place of what is wrong in it.
    /// What is wrong is told once.
    [[nodiscard]] std::shared_ptr<const client::Settings> settings();
    /// The same for an act that needs these parts. Throws Failure if there is a mistake in them.
    [[nodiscard]] std::shared_ptr<const client::Settings> settings_with(
        const std::vector<client::SettingsPart>& parts);
    /// What is wrong with cairn.toml as it was read last; nothing if it is as it should be.
    [[nodiscard]] std::optional<client::Failure> settings_failure();
    /// Reads it again. Where there is a mistake, what was read before still holds.
    void reload_settings();
    [[nodiscard]] crypto::Random& random() { return random_; }
    /// Asked to stop with the run.
    [[nodiscard]] std::stop_token stop_token() const { return stop_; }
    /// Where settings and credentials are.
    [[nodiscard]] const std::filesystem::path& settings_folder() const { return settings_folder_; }
    /// Throws Failure if the state cannot be read. Only where it is by default may it not be there
    /// yet: another folder that somebody names has something in it, or is mistyped.
    void require_state() const;
    /// The lineages with these names, or all: those that can be renewed, and those for which a
    /// certificate is being issued. Throws Failure for one that is not there.
    [[nodiscard]] std::vector<client::LineageName> lineages(
        const std::vector<std::string>& names) const;

  private:
    [[nodiscard]] client::SolverContext solver_context();
    void read_settings();
    [[nodiscard]] client::Environment environment(client::SolverSet& solvers,
                                                  client::SessionPool& sessions);
    Console& console_;
    base::SystemClock clock_;
    crypto::SystemRandom random_;
    std::stop_token stop_;
    client::SystemTimer timer_;
    client::StatePlace place_;
    client::StateDirectory state_;
    bool has_found_state_ = false;
    std::filesystem::path settings_folder_;
    client::SolverSet solvers_;
    client::SessionOptions session_options_;
    client::SessionPool sessions_;
    std::mutex settings_mutex_;
    std::shared_ptr<const client::Settings> settings_;
    std::optional<client::SettingsReading> settings_reading_;
    bool are_settings_told_ = false;
    client::NetworkEvidence evidence_{"Cairn/" CAIRN_VERSION};
};

/// The value, or the error as the failure of what was `tried`.
template <class T>
[[nodiscard]] T value_or_fail(base::Result<T> result, std::string_view tried,
                              std::string_view next = {}) {
    if (!result)
        throw client::Failure(std::string(tried), result.error().message, std::string(next));
    return std::move(*result);
}

}  // namespace cairn
