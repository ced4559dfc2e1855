#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/progress.h"
#include "client/solver.h"
#include "client/state_directory.h"

namespace cairn::client {

/// The challenges that are presented for one lineage at this moment. They are recorded on disk if
/// their answers outlive the process, so that a later run can take down what a killed run has left.
/// Written under the lock of the lineage.
class ChallengeJournal {
  public:
    ChallengeJournal(const StateDirectory& state, const LineageName& name)
        : folder_(state.challenges(name)) {}

    /// To be called before `solver` presents `challenge`. Throws Failure.
    void record(const Challenge& challenge, Solver& solver) const;
    /// To be called after `challenge` was cleaned up.
    void erase(const Challenge& challenge) const;

    struct Entry {
        std::string solver;
        Challenge challenge;
        /// What the solver made beside the answer; see Solver::folders_to_make.
        std::vector<std::string> folders;
    };
    /// What is recorded; for a record that cannot be read, why.
    [[nodiscard]] std::vector<base::Result<Entry>> entries() const;

  private:
    [[nodiscard]] std::filesystem::path file_of(const Challenge& challenge) const;
    std::filesystem::path folder_;
};

/// Takes down what runs that died have left up, for every lineage that nobody works on now. What
/// cannot be taken down is told and tried again by the next run.
void clean_up_after_crashes(const StateDirectory& state, SolverSet& solvers, Progress& progress);

}  // namespace cairn::client
