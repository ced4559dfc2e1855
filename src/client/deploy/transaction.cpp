#include "client/deploy/transaction.h"

#include <algorithm>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/deploy/lineage_return.h"
#include "client/hook.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

constexpr auto patience_with_former = 10s;

base::Result<Placement> placement_from(const std::string& files) {
    const auto object = protocol::parse_json_object(base::bytes_of(files));
    if (!object) return std::unexpected(object.error());
    return Placement::from_record(*object);
}

std::string sentence_of(const Failure& failure) {
    return fmt::format("could not {}: {}", failure.tried(), failure.came_back());
}

const OpenDeployment* find_open(const LineageFacts& facts, const DeployTarget& target) {
    const auto found = std::ranges::find(facts.open_deployments, target, &OpenDeployment::target);
    return found == facts.open_deployments.end() ? nullptr : &*found;
}

LineageFacts facts_of(const LineageFactStore& store) {
    auto facts = store.read_all();
    if (!facts) throw Failure({"deploy the certificate", Phase::deploy}, facts.error().message);
    return std::move(*facts);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> deploy_variables(const Environment& environment,
                                                                  const LineageName& lineage,
                                                                  const CertificatePlan& plan) {
    auto variables = lineage_variables(environment.state, lineage, plan);
    // As certbot names them, for hooks that were written for it.
    variables.emplace_back("RENEWED_LINEAGE", environment.state.live(lineage).string());
    variables.emplace_back("RENEWED_DOMAINS", names_for_hook(plan.identifiers()));
    return variables;
}

DeployTransaction::DeployTransaction(const Environment& environment, const DeployTarget& key,
                                     Target& target, const DeployMaterial& material,
                                     Progress& progress)
    : environment_(environment),
      key_(key),
      target_(target),
      material_(material),
      progress_(progress),
      run_{environment.timer, progress, environment.hook_patience,
           deploy_variables(environment, material.subject.lineage, material.subject.plan)},
      store_(environment.state, material.subject.lineage) {}

void DeployTransaction::note(OpenDeployment::Step step, const Placement& placement,
                             const std::string& undo) const {
    store_.change_all([&](LineageFacts& facts) {
        OpenDeployment open{key_, boost::json::serialize(placement.record()), undo, step};
        const auto found = std::ranges::find(facts.open_deployments, key_, &OpenDeployment::target);
        if (found == facts.open_deployments.end())
            facts.open_deployments.push_back(std::move(open));
        else
            *found = std::move(open);
    });
}

void DeployTransaction::erase() const {
    store_.change_all([&](LineageFacts& facts) {
        std::erase_if(facts.open_deployments,
                      [&](const OpenDeployment& open) { return open.target == key_; });
    });
}

void DeployTransaction::finish_earlier() {
    const auto facts = facts_of(store_);
    const auto* const open = find_open(facts, key_);
    if (open == nullptr) return;
    const auto placement = placement_from(open->files);
    if (!placement)
        throw Failure({"undo a deployment that was interrupted", Phase::deploy},
                      placement.error().message,
                      fmt::format("look by hand at what stands there, and remove \"deploying\" "
                                  "from {}.",
                                  store_.file().string()));
    if (open->step == OpenDeployment::Step::done) {
        placement->tidy();
        erase();
        return;
    }
    progress_.tell({.kind = ProgressKind::target_resumed, .place = key_.text()});
    SystemTimer unstoppable;
    const TargetRun run{unstoppable, progress_, run_.patience, run_.variables};
    placement->take_back();
    if (!open->note.empty()) target_.take_back(open->note, material_, run);
    was_activated_ = open->step == OpenDeployment::Step::activated;
    // Not erased: `run` goes on from here, or whoever has none goes on to `activate`.
}

void DeployTransaction::give_up() {
    if (was_activated_) target_.activate(material_, run_);
    erase();
}

void DeployTransaction::commit(const Placement& placement) {
    store_.change_all([&](LineageFacts& facts) {
        for (const auto& member :
             planned_members(material_.subject.lineage, material_.subject.plan))
            for (const auto& certificate : material_.certificates)
                if (member.key_type(material_.subject.plan) == certificate.key_type)
                    facts.of(member).deploy(key_, certificate.number, environment_.clock.now());
        for (auto& open : facts.open_deployments)
            if (open.target == key_) {
                open.step = OpenDeployment::Step::done;
                open.note.clear();
            }
    });
    // It is deployed, whatever becomes of this.
    try {
        placement.tidy();
        erase();
    } catch (const Failure& failure) {
        progress_.tell({.kind = ProgressKind::remark,
                        .text = fmt::format("What was kept for a roll back of {} is removed by "
                                            "the next run: {}.",
                                            base::printable(key_.text()), sentence_of(failure))});
    }
}

/// What became of live/NAME, as the end of a sentence; empty if it stays as it is.
std::string DeployTransaction::return_live() {
    if (!target_.reads_live()) return {};
    try {
        const auto told = return_lineage(environment_, key_, material_);
        has_returned_ = !told.empty();
        return told.empty() ? told : ", and " + told;
    } catch (const Failure& failure) {
        return fmt::format(", but live/{} leads to the new certificate: {}",
                           material_.subject.lineage.text(), sentence_of(failure));
    }
}

std::string DeployTransaction::roll_back(const Placement& placement, const std::string& undo,
                                         bool is_activated, const ServedProbe& probe) {
    // Also in a run that is asked to stop.
    SystemTimer unstoppable;
    const TargetRun run{unstoppable, progress_, run_.patience, run_.variables};
    try {
        placement.take_back();
        if (!undo.empty()) target_.take_back(undo, material_, run);
    } catch (const Failure& failure) {
        return fmt::format("it could not be undone either, which the next run tries again: {}",
                           sentence_of(failure));
    }
    std::string told = "everything stands as it did before" + return_live();
    // Whatever else has had the server read its files meanwhile has had it read the refused ones.
    if (is_activated || has_returned_) {
        try {
            if (has_returned_) target_.check(material_, run);
            target_.activate(material_, run);
            if (const auto seen = probe.await_former(patience_with_former, run); !seen.empty())
                told += ", and " + seen;
        } catch (const Failure& failure) {
            told += fmt::format(", but its server could not be told: {}", sentence_of(failure));
        }
    }
    try {
        erase();
    } catch (const Failure&) {
        // The next run undoes what is undone once more, which does no harm.
        told += "; that could not be noted";
    }
    progress_.tell({.kind = ProgressKind::target_rolled_back, .place = key_.text(), .text = told});
    return "it was rolled back: " + told;
}

void DeployTransaction::run() {
    progress_.tell({.kind = ProgressKind::target_deploying, .place = key_.text()});
    const Placement placement(target_.files(material_));
    const auto undo = target_.undo_note(material_, run_);
    ServedProbe probe(target_.probes(material_), material_);
    probe.note_former();
    bool is_activated = was_activated_;
    note(is_activated ? OpenDeployment::Step::activated : OpenDeployment::Step::placing, placement,
         undo);
    std::string seen;
    try {
        placement.put_in_place();
        target_.place(material_, run_);
        target_.check(material_, run_);
        if (!is_activated) note(OpenDeployment::Step::activated, placement, undo);
        is_activated = true;
        target_.activate(material_, run_);
        if (!probe.is_empty()) seen = probe.await_new(target_.probe_patience(), key_.text(), run_);
    } catch (const Failure& failure) {
        const auto undone = roll_back(placement, undo, is_activated, probe);
        throw Failure({failure.tried(), Phase::deploy},
                      fmt::format("{}; {}", failure.came_back(), undone), failure.next());
    }
    commit(placement);
    progress_.tell({.kind = ProgressKind::target_deployed, .place = key_.text(), .text = seen});
}

void finish_unplanned(const Environment& environment, const DeployMaterial& material,
                      Progress& progress) {
    const LineageFactStore store(environment.state, material.subject.lineage);
    for (const auto& open : facts_of(store).open_deployments) {
        if (std::ranges::find(material.subject.plan.deploy_targets, open.target) !=
            material.subject.plan.deploy_targets.end())
            continue;
        try {
            auto target = find_target(open.target, {.clock = environment.clock,
                                                    .settings_folder = environment.settings_folder,
                                                    .user_agent = environment.user_agent});
            if (!target)
                throw Failure({"undo a deployment that was interrupted", Phase::deploy},
                              target.error().message);
            DeployTransaction transaction(environment, open.target, **target, material, progress);
            transaction.finish_earlier();
            transaction.give_up();
        } catch (const Failure& failure) {
            progress.tell({.kind = ProgressKind::remark, .text = failure.what()});
        }
    }
}

}  // namespace cairn::client
