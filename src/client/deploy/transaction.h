#pragma once
// Private to client: what the transaction of a deployment is made of.

#include <chrono>
#include <string>

#include "client/deploy/placement.h"
#include "client/deploy/served_probe.h"
#include "client/deploy/target.h"
#include "client/environment.h"
#include "client/lineage_fact_store.h"

namespace cairn::client {

/// A deployment to one target that either comes to its end or leaves everything as it was. What is
/// needed to undo it is in the facts of the lineage before the first change, so that whatever
/// becomes of this run, the next one can (ADR 90). The caller holds the lock of the lineage.
class DeployTransaction {
  public:
    /// All outlive it.
    DeployTransaction(const Environment& environment, const DeployTarget& key, Target& target,
                      const DeployMaterial& material, Progress& progress);

    /// Undoes what an earlier run has left in the middle, or clears up behind it. Throws Failure if
    /// it cannot; it is kept for the next run then.
    void finish_earlier();
    /// Behind `finish_earlier`, for a target that is not wanted any more: has its server read what
    /// stands again, if it may have read the other.
    void give_up();
    /// Places, checks, activates, probes; notes that the target has learnt of it. Throws Failure
    /// with what went wrong and what became of the roll back.
    void run();
    /// True if live/NAME leads to former certificates again since `run`, which the server has
    /// refused newer ones than.
    [[nodiscard]] bool has_returned() const { return has_returned_; }

  private:
    void note(OpenDeployment::Step step, const Placement& placement, const std::string& undo) const;
    void commit(const Placement& placement);
    [[nodiscard]] std::string return_live();
    [[nodiscard]] std::string roll_back(const Placement& placement, const std::string& undo,
                                        bool is_activated, const ServedProbe& probe);
    void erase() const;

    const Environment& environment_;
    const DeployTarget& key_;
    Target& target_;
    const DeployMaterial& material_;
    Progress& progress_;
    TargetRun run_;
    LineageFactStore store_;
    /// An earlier run had its server read what it was undone of.
    bool was_activated_ = false;
    bool has_returned_ = false;
};

/// Undoes, of what earlier runs have left in the middle, what belongs to targets that the plan does
/// not name any more. What cannot be undone is told, and stays for the next run.
void finish_unplanned(const Environment& environment, const DeployMaterial& material,
                      Progress& progress);

/// What commands and hooks of a deployment find in their environment: that of
/// `lineage_variables`, and RENEWED_LINEAGE and RENEWED_DOMAINS as certbot names them.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> deploy_variables(
    const Environment& environment, const LineageName& lineage, const CertificatePlan& plan);

}  // namespace cairn::client
