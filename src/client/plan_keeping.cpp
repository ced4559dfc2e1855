#include "client/plan_keeping.h"

#include <filesystem>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/plan_changes.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

auto certificate_of(const CertificatePlan& plan) {
    return std::tie(plan.names, plan.key_types, plan.key_reuse, plan.key_store, plan.csr);
}

auto profile_of(const CertificatePlan& plan) {
    return std::tie(plan.profile, plan.profile_demand);
}

void tell_of_edit(const CertificatePlan& wanted, const CertificatePlan& kept, Progress& progress) {
    std::string changes;
    for (const auto& [member, before, after, effect] : differences(wanted, kept))
        changes +=
            fmt::format("{}{}: {} -> {}", changes.empty() ? "" : "; ", member, before, after);
    progress.tell({.kind = ProgressKind::remark,
                   .text = fmt::format("The plan was changed meanwhile, and stays so; what this is "
                                       "about is done with the next renewal ({}).",
                                       base::printable(changes, 500))});
}

}  // namespace

CertificatePlan merged_edits(const CertificatePlan& former, const CertificatePlan& ours,
                             const CertificatePlan& theirs) {
    auto merged = theirs;
    if (certificate_of(theirs) == certificate_of(former)) {
        merged.names = ours.names;
        merged.key_types = ours.key_types;
        merged.key_reuse = ours.key_reuse;
        merged.key_store = ours.key_store;
        merged.csr = ours.csr;
    }
    if (profile_of(theirs) == profile_of(former)) {
        merged.profile = ours.profile;
        merged.profile_demand = ours.profile_demand;
    }
    const auto merge = [&](auto member) {
        if (theirs.*member == former.*member) merged.*member = ours.*member;
    };
    merge(&CertificatePlan::authorities);
    merge(&CertificatePlan::preferred_chain);
    merge(&CertificatePlan::account);
    merge(&CertificatePlan::renew_before);
    merge(&CertificatePlan::ca_timeout);
    merge(&CertificatePlan::pre_hook);
    merge(&CertificatePlan::post_hook);
    merge(&CertificatePlan::failure_hook);
    merge(&CertificatePlan::deploy_targets);
    return merged;
}

CertificatePlan keep_plan(const StateDirectory& state, const LineageName& lineage,
                          const std::optional<CertificatePlan>& former,
                          const CertificatePlan& wanted, Progress& progress, IfGone if_gone) {
    const auto file = state.renewal(lineage);
    const auto lock = state.lock_plan(lineage);
    auto kept = wanted;
    if (fs::exists(file)) {
        const auto standing = CertificatePlan::read(file);
        if (!standing) {
            progress.tell({.kind = ProgressKind::remark,
                           .text = fmt::format("The plan cannot be read now, and is left as it is: "
                                               "{}",
                                               standing.error().message)});
            return wanted;
        }
        // Without a former one, it has come into being meanwhile.
        kept = former ? merged_edits(*former, wanted, *standing) : *standing;
        if (kept != wanted) tell_of_edit(wanted, kept, progress);
        if (kept == *standing && !asks_for_must_staple(file)) return kept;
    } else if (if_gone == IfGone::refuse) {
        throw Failure(fmt::format("change the plan of {}", lineage.text()), "it is gone",
                      "`cairn status` lists the lineages there are.");
    }
    make_private_directory(file.parent_path());
    write_durably(file, kept.to_json(), FileAccess::owner);
    return kept;
}

CertificatePlan plan_in_force(const StateDirectory& state, const LineageName& lineage,
                              const CertificatePlan& known) {
    return CertificatePlan::read(state.renewal(lineage)).value_or(known);
}

}  // namespace cairn::client
