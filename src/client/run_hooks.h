#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "client/attempt_record.h"
#include "client/certificate_issuance.h"
#include "client/certificate_plan.h"
#include "client/environment.h"
#include "client/failure.h"
#include "client/hook.h"
#include "client/state_directory.h"

namespace cairn::client {

/// A post-hook that went wrong, and the lineages that had asked for it.
struct PostHookFailure {
    std::vector<LineageName> lineages;
    Failure failure;
};

/// The pre-, post- and failure-hooks of a run over several lineages. Of those that name the same
/// pre-hook or post-hook, one run has each once: before the first order, and after the last,
/// whatever came of them. Thread-safe.
class RunHooks {
  public:
    /// `environment` outlives it. A dry run has pre- and post-hooks too, since without them its
    /// solvers would not find what they find in earnest; but no failure-hook.
    RunHooks(const Environment& environment, Installing installing)
        : environment_(environment), installing_(installing) {}

    /// To be called before an order for the lineage is made: runs the pre-hook of its plan, unless
    /// this run has, and sees to it that the post-hook will run. Waits for a pre-hook that another
    /// thread runs. One that fails is told, and the order is made all the same, as certbot does.
    void before(const LineageName& lineage, const CertificatePlan& plan, AttemptRecord& attempt);
    /// Says what came of the lineage; with a failure, runs its failure-hook, whose own failure is
    /// told. The attempt is still open.
    void note(const LineageName& lineage, const CertificatePlan& plan, const Failure* failure,
              AttemptRecord& attempt);
    /// Runs the post-hooks, each once, and returns those that went wrong. The attempts of the
    /// lineages that asked for them may have ended.
    [[nodiscard]] std::vector<PostHookFailure> after(Progress& progress);

  private:
    struct Asked {
        LineageName lineage;
        CertificatePlan plan;
        std::string attempt;
    };
    [[nodiscard]] HookCall call(HookKind kind, const std::string& command,
                                HookVariables variables) const;

    const Environment& environment_;
    const Installing installing_;
    std::mutex pre_mutex_;
    std::mutex mutex_;
    std::vector<std::string> run_already_;
    /// In the order in which they were asked for.
    std::vector<std::pair<std::string, std::vector<Asked>>> post_hooks_;
    std::vector<protocol::Identifier> renewed_names_, failed_names_;
};

}  // namespace cairn::client
