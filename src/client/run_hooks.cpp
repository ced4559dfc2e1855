#include "client/run_hooks.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::client {
namespace {

/// Of the CA's and the network's words, in a variable of a hook.
constexpr std::size_t max_words = 4000;

}  // namespace

HookCall RunHooks::call(HookKind kind, const std::string& command, HookVariables variables) const {
    if (installing_ == Installing::dry_run) variables.emplace_back("CAIRN_DRY_RUN", "1");
    return {.kind = kind,
            .command = command,
            .variables = std::move(variables),
            .patience = environment_.hook_patience};
}

void RunHooks::before(const LineageName& lineage, const CertificatePlan& plan,
                      AttemptRecord& attempt) {
    if (!plan.post_hook.empty()) {
        const std::scoped_lock lock(mutex_);
        auto found = std::ranges::find(post_hooks_, plan.post_hook,
                                       &decltype(post_hooks_)::value_type::first);
        if (found == post_hooks_.end())
            found = post_hooks_.insert(post_hooks_.end(), {plan.post_hook, {}});
        found->second.push_back({lineage, plan, attempt.begin()});
    }
    if (plan.pre_hook.empty()) return;
    // Held while it runs: nobody orders before it has ended.
    const std::scoped_lock lock(pre_mutex_);
    if (std::ranges::find(run_already_, plan.pre_hook) != run_already_.end()) return;
    run_already_.push_back(plan.pre_hook);
    auto variables = lineage_variables(environment_.state, lineage, plan);
    {
        // As certbot has them: what has come of this run so far.
        const std::scoped_lock names_lock(mutex_);
        variables.emplace_back("RENEWED_DOMAINS", names_for_hook(renewed_names_));
        variables.emplace_back("FAILED_DOMAINS", names_for_hook(failed_names_));
    }
    const auto wrong = run_hook(call(HookKind::pre, plan.pre_hook, std::move(variables)),
                                environment_.timer, attempt);
    if (!wrong.empty())
        attempt.tell({.kind = ProgressKind::hook_failed,
                      .failure = Failure({"run the pre-hook", Phase::order}, wrong),
                      .place = plan.pre_hook,
                      .subject = std::string(to_string(HookKind::pre))});
}

void RunHooks::note(const LineageName& lineage, const CertificatePlan& plan, const Failure* failure,
                    AttemptRecord& attempt) {
    {
        const std::scoped_lock lock(mutex_);
        auto& names = failure == nullptr ? renewed_names_ : failed_names_;
        std::ranges::copy(plan.identifiers(), std::back_inserter(names));
    }
    if (failure == nullptr || plan.failure_hook.empty() || installing_ == Installing::dry_run)
        return;
    auto variables = lineage_variables(environment_.state, lineage, plan);
    variables.emplace_back("CAIRN_ATTEMPT", attempt.begin());
    variables.emplace_back("CAIRN_PHASE", std::string(to_string(failure->phase())));
    variables.emplace_back("CAIRN_TRIED", base::printable(failure->tried(), max_words));
    variables.emplace_back("CAIRN_CAME_BACK", base::printable(failure->came_back(), max_words));
    variables.emplace_back("CAIRN_NEXT", base::printable(failure->next(), max_words));
    variables.emplace_back("FAILED_DOMAINS", names_for_hook(plan.identifiers()));
    // Also in a run that is asked to stop: that is a failure that somebody wants to know of.
    SystemTimer unstoppable;
    const auto wrong = run_hook(call(HookKind::failure, plan.failure_hook, std::move(variables)),
                                unstoppable, attempt);
    if (!wrong.empty())
        attempt.tell({.kind = ProgressKind::hook_failed,
                      .failure = Failure({"run the failure-hook", Phase::other}, wrong),
                      .place = plan.failure_hook,
                      .subject = std::string(to_string(HookKind::failure))});
}

std::vector<PostHookFailure> RunHooks::after(Progress& progress) {
    std::vector<PostHookFailure> failures;
    // Also in a run that is asked to stop: what the pre-hook has stopped is to start again.
    SystemTimer unstoppable;
    for (const auto& [command, asked] : post_hooks_) {
        AttemptAppendix appendix(progress);
        const auto& first = asked.front();
        auto variables = lineage_variables(environment_.state, first.lineage, first.plan);
        variables.emplace_back("RENEWED_DOMAINS", names_for_hook(renewed_names_));
        variables.emplace_back("FAILED_DOMAINS", names_for_hook(failed_names_));
        const auto wrong =
            run_hook(call(HookKind::post, command, std::move(variables)), unstoppable, appendix);
        std::optional<Failure> failure;
        if (!wrong.empty())
            failure = Failure({"run the post-hook", Phase::deploy}, wrong,
                              "run it by hand: what the pre-hook has stopped may not have started "
                              "again. The certificates that are in place stay there.");
        PostHookFailure failed{{}, failure.value_or(Failure("", ""))};
        for (const auto& each : asked) {
            appendix.keep(environment_.state, each.lineage, each.attempt,
                          failure ? &*failure : nullptr);
            failed.lineages.push_back(each.lineage);
        }
        if (asked.size() == 1) failed.failure = failed.failure.of_attempt(first.attempt);
        if (failure) failures.push_back(std::move(failed));
    }
    post_hooks_.clear();
    return failures;
}

}  // namespace cairn::client
