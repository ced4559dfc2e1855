#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/progress.h"
#include "client/timer.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/key_authorization.h"

namespace cairn::client {

/// What a challenge shares with the others of its order. No journal keeps it.
struct ChallengeSetting {
    /// Hears of the work on it; null: the run alone does.
    Progress* progress = nullptr;
    /// For a solver whose challenges have their turns: the names that it proves, in order; a name
    /// and its wildcard are two.
    std::vector<std::string> names{};
    /// How many of them come after this one.
    std::size_t remaining = 0;
    /// Of dns-persist-01: the names by which a record may name the CA.
    std::vector<std::string> issuers{};
};

/// One challenge of the CA, with the answer to it.
struct Challenge {
    protocol::ChallengeType type;
    protocol::Identifier identifier;
    /// Of dns-persist-01, which has none: a text that differs for each challenge.
    protocol::Token token;
    /// Of dns-persist-01: the text of the record.
    std::string key_authorization;
    /// Of the account that is asked to answer; empty in records that earlier versions kept.
    std::string account_url{};
    ChallengeSetting setting{};
};

/// A TXT record that answers a challenge.
struct DnsRecord {
    std::string name;  ///< without a final dot
    std::string value;
};
/// What answers `challenge`, which is one of a DNS method.
[[nodiscard]] DnsRecord dns_record_of(const Challenge& challenge);

/// Whether the answer of a solver remains when the process has died.
enum class Residue { none, outlives_process };

/// Whether a person has a part in what a solver does, and is to be asked one thing after the other;
/// or programs that count on the order of the challenges.
enum class Attendance { none, by_a_person, in_turn };

/// Answers challenges in one way. Thread-safe: several orders may use one at
/// the same time. What goes wrong is thrown as Failure.
class Solver {
  public:
    virtual ~Solver() = default;
    /// As `SolverKind::make` takes it, in a form that does not depend on the working directory.
    [[nodiscard]] virtual std::string specification() const = 0;
    /// The challenges it can answer, the preferred first.
    [[nodiscard]] virtual std::span<const protocol::ChallengeType> challenge_types() const = 0;
    [[nodiscard]] virtual Residue residue() const { return Residue::none; }
    [[nodiscard]] virtual Attendance attendance() const { return Attendance::none; }

    /// The folders that `present` makes for its answers, or has made in this process, as the solver
    /// names them. They are kept with the record of a challenge: a run that cleans up after one
    /// that died has them removed.
    [[nodiscard]] virtual std::vector<std::string> folders_to_make() { return {}; }
    /// Takes folders, so named by a run that died, for ones that this process has made: they go
    /// with the last answer in them.
    virtual void adopt_folders(const std::vector<std::string>& folders) {
        static_cast<void>(folders);
    }

    /// What stands in the way of its answers at this moment, as far as it can be seen from here:
    /// the port is in use, the folder cannot be written. Leaves everything as it was.
    [[nodiscard]] virtual std::optional<Failure> obstacle() { return std::nullopt; }
    /// True if it answers with a server of its own at a port of this machine.
    [[nodiscard]] virtual bool listens() const { return false; }

    /// Puts the answer up; quick.
    virtual void present(const Challenge& challenge) = 0;
    /// Waits until the CA can see the answer.
    virtual void wait(const Challenge& challenge) { static_cast<void>(challenge); }
    /// Hears that the CA has found this name proven without being asked to look.
    virtual void found_valid(const protocol::Identifier& identifier, Progress& progress) {
        static_cast<void>(identifier);
        static_cast<void>(progress);
    }
    /// Takes the answer down. May be called again, and for what was never presented.
    virtual void clean_up(const Challenge& challenge) = 0;
};

/// What solvers work with.
struct SolverContext {
    const base::Clock& clock;
    Timer& timer;
    Progress& progress;
    /// Where a person answers.
    int input = 0;
    /// Where the client keeps its state, with the locks that runs share.
    std::filesystem::path state_folder{};
    /// Where settings and credentials are.
    std::filesystem::path settings_folder{};
    /// As requests over HTTP name this program.
    std::string user_agent{};

    /// Who hears of the work on this challenge.
    [[nodiscard]] Progress& listener(const Challenge& challenge) const {
        return challenge.setting.progress == nullptr ? progress : *challenge.setting.progress;
    }
};

/// A way to answer challenges that can be named on the command line.
struct SolverKind {
    std::string_view name;
    std::string_view usage;    ///< "webroot:DIR"
    std::string_view summary;  ///< half a sentence for --help
    /// Makes a solver from what follows the colon; nothing is opened or started yet.
    base::Result<std::unique_ptr<Solver>> (*make)(std::string_view argument,
                                                  const SolverContext& context);
};

/// The table of all kinds. A new one is a file in solvers/ and a line here.
[[nodiscard]] std::span<const SolverKind> solver_kinds();

/// What to do about a solver that cannot be made for a name: mend what is wrong with it, or, if
/// there is no such solver at all, name another.
[[nodiscard]] std::string solver_advice(std::string_view specification, std::string_view name);

/// The solvers of a run, each made once however many names and lineages use it: two orders can then
/// share one listening port. Thread-safe.
class SolverSet {
  public:
    explicit SolverSet(const SolverContext& context) : context_(context) {}
    /// Takes in a solver of the caller's own, which outlives this set: from now on it is found by
    /// its `specification()`, in the place of one that would be made for that.
    void add(Solver& solver);
    /// The solver for "KIND" or "KIND:ARGUMENT", or one that was taken in.
    [[nodiscard]] base::Result<Solver*> find(std::string_view specification);
    /// What they are made with.
    [[nodiscard]] const SolverContext& context() const { return context_; }

  private:
    SolverContext context_;
    std::mutex mutex_;
    std::map<std::string, Solver*, std::less<>> added_;
    std::map<std::string, std::unique_ptr<Solver>, std::less<>> solvers_;
};

}  // namespace cairn::client
