#include "client/deployment.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/enum_table.h"
#include "client/deploy/transaction.h"
#include "client/failure.h"
#include "client/issued_chain.h"
#include "client/lineage_fact_store.h"

namespace cairn::client {
namespace {

Aim aim_of(const LineageName& lineage) {
    return {fmt::format("deploy the certificate of {}", lineage.text()), Phase::deploy};
}

/// True if this target has not learnt of the live certificate of this member.
bool is_pending(const StateDirectory& state, const LineageMember& member, const LineageFacts& facts,
                const DeployTarget& target) {
    const auto live = Lineage(state, member).live_number();
    // Programs learn of a withheld one when it is live again.
    if (target.is_program()) return !facts.is_withheld(live) && facts.is_deployment_pending(target);
    return live && facts.is_deployment_pending(target, *live);
}

std::vector<DeployTarget> pending_targets(const StateDirectory& state, const LineageFacts& facts,
                                          const LineageName& lineage, const CertificatePlan& plan) {
    const auto members = planned_members(lineage, plan);
    std::vector<DeployTarget> targets;
    std::ranges::copy_if(
        plan.deploy_targets, std::back_inserter(targets), [&](const DeployTarget& target) {
            return std::ranges::find(facts.open_deployments, target, &OpenDeployment::target) !=
                       facts.open_deployments.end() ||
                   std::ranges::any_of(members, [&](const LineageMember& member) {
                       return is_pending(state, member, facts.of(member), target);
                   });
        });
    return targets;
}

LineageFacts facts_of(const LineageFactStore& store, const LineageName& lineage) {
    auto facts = store.read_all();
    if (!facts) throw Failure(aim_of(lineage), facts.error().message);
    return std::move(*facts);
}

/// What was wrong with one certificate; nothing if it is fit to be deployed.
std::string fault_of(const Generation& generation, const CertificatePlan& plan, base::Time now) {
    const auto& leaf = generation.chain.front();
    if (now >= leaf.not_after())
        return fmt::format("it has expired on {}", base::to_rfc3339(leaf.not_after()));
    std::vector<protocol::Identifier> names;
    for (const auto& name : leaf.names().dns_names)
        if (auto identifier = protocol::Identifier::dns(name)) names.push_back(*identifier);
    for (const auto& address : leaf.names().ip_addresses)
        names.push_back(protocol::Identifier::of(address));
    const auto wanted = plan.identifiers();
    const bool is_any_wanted = std::ranges::any_of(
        names, [&](const auto& name) { return std::ranges::find(wanted, name) != wanted.end(); });
    if (!is_any_wanted) return "it is for none of the names of the plan";
    // Names that were added to the plan, or have left it, are a matter of the next renewal.
    const auto chain =
        issued_chain_from_pem(pki::to_pem(generation.chain), {.key = generation.key.public_key(),
                                                              .identifiers = names,
                                                              .now = now,
                                                              .purpose = std::nullopt});
    return chain ? std::string() : chain.error().message;
}

bool reads_live(const TargetContext& context, const DeployTarget& key) {
    if (key.is_program()) return false;
    const auto target = find_target(key, context);
    return target && (*target)->reads_live();
}

/// The deployment to some targets of one lineage. Used once.
class Deployment {
  public:
    Deployment(const Environment& environment, const LineageName& lineage,
               const CertificatePlan& plan, Progress& progress)
        : environment_(environment),
          lineage_(lineage),
          plan_(plan),
          progress_(progress),
          store_(environment.state, lineage) {}

    void run(const std::vector<DeployTarget>& targets) {
        finish_unplanned_ones();
        for (const auto& target : deploy_order(target_context(environment_), targets)) {
            try_with(target);
            if (has_returned_) break;
        }
        if (has_returned_) return_others();
        if (!failures_.empty()) throw Failure(aim_of(lineage_), failures_, advice());
        const auto facts = facts_of(store_, lineage_);
        if (!pending_targets(environment_.state, facts, lineage_, plan_).empty()) return;
        store_.change_all([&](LineageFacts& known) {
            for (const auto& member : planned_members(lineage_, plan_)) {
                known.of(member).deploy(environment_.clock.now());
                known.of(member).keep_deployments(plan_.deploy_targets);
                known.of(member).withheld.reset();
            }
        });
    }

  private:
    void try_with(const DeployTarget& target) {
        try {
            deploy_to(target);
        } catch (const Failure& failure) {
            keep(target, failure);
        }
    }

    /// Lets those learn of the former certificates, too, that have accepted the newer ones.
    void return_others() {
        material_.reset();
        const auto facts = facts_of(store_, lineage_);
        for (const auto& target : pending_targets(environment_.state, facts, lineage_, plan_))
            if (reads_live(target_context(environment_), target)) try_with(target);
    }

    void finish_unplanned_ones() {
        if (facts_of(store_, lineage_).open_deployments.empty()) return;
        finish_unplanned(environment_, material(), progress_);
    }

    void deploy_to(const DeployTarget& key) {
        auto target = find_target(key, target_context(environment_));
        if (!target)
            throw Failure(
                {"find the target", Phase::deploy}, target.error().message,
                fmt::format("`cairn set {} --deploy TARGET` names another.", lineage_.text()));
        if (key.is_program()) {
            run_program_of(key, **target);
            return;
        }
        const auto& all = material();
        if ((*target)->key_need() == KeyNeed::text)
            for (const auto& certificate : all.certificates)
                static_cast<void>(certificate.private_key());
        DeployTransaction transaction(environment_, key, **target, all, progress_);
        transaction.finish_earlier();
        try {
            transaction.run();
        } catch (const Failure&) {
            has_returned_ = has_returned_ || transaction.has_returned();
            throw;
        }
    }

    /// A program knows itself what it does; there is nothing to undo.
    void run_program_of(const DeployTarget& key, Target& target) {
        target.place({{lineage_, plan_, environment_.state.live(lineage_)}, {}},
                     {environment_.timer, progress_, environment_.hook_patience,
                      deploy_variables(environment_, lineage_, plan_)});
        store_.change_all([&](LineageFacts& known) {
            for (const auto& member : planned_members(lineage_, plan_))
                known.of(member).deploy(key, environment_.clock.now());
        });
    }

    void keep(const DeployTarget& target, const Failure& failure) {
        // A hook's failure names it already.
        const auto text = target.is_program()
                              ? failure.came_back()
                              : fmt::format("{}: could not {}: {}", base::printable(target.text()),
                                            failure.tried(), failure.came_back());
        failures_ += (failures_.empty() ? "" : "; ") + text;
        are_all_programs_ = are_all_programs_ && target.is_program();
        if (!failure.next().empty() && !advices_.contains(failure.next()))
            advices_ += failure.next() + " ";
        try {
            store_.change_all([&](LineageFacts& known) {
                known.fail_to_deploy(target, {environment_.clock.now(), failure});
            });
        } catch (const Failure&) {
            // What matters is told by the failure of the whole.
        }
    }

    std::string advice() const {
        if (has_returned_)
            return fmt::format(
                "{}the new certificate is kept; mend this; `cairn renew {}` tries it again, "
                "without another order.",
                advices_, lineage_.text());
        return fmt::format(
            "{}the new certificate is in place in {}; mend {}; `cairn renew` runs it again, and no "
            "other.",
            advices_, environment_.state.live(lineage_).string(),
            are_all_programs_ ? "the hook" : "this");
    }

    const DeployMaterial& material() {
        if (!material_) material_ = deploy_material(environment_, lineage_, plan_);
        return *material_;
    }

    const Environment& environment_;
    const LineageName& lineage_;
    const CertificatePlan& plan_;
    Progress& progress_;
    LineageFactStore store_;
    std::optional<DeployMaterial> material_;
    std::string failures_, advices_;
    bool are_all_programs_ = true;
    /// live/NAME leads to former certificates again.
    bool has_returned_ = false;
};

}  // namespace

TargetContext target_context(const Environment& environment) {
    return {.clock = environment.clock,
            .settings_folder = environment.settings_folder,
            .user_agent = environment.user_agent};
}

DeployMaterial deploy_material(const Environment& environment, const LineageName& lineage,
                               const CertificatePlan& plan) {
    DeployMaterial material{{lineage, plan, environment.state.live(lineage)}, {}};
    for (const auto& member : planned_members(lineage, plan)) {
        const Lineage kept(environment.state, member);
        auto generation = kept.current();
        const auto number = kept.live_number();
        // One of a further key type may not have been obtained yet.
        if ((!generation || !number) && !material.certificates.empty()) continue;
        if (!generation) throw Failure(aim_of(lineage), generation.error().message);
        const auto fault = fault_of(*generation, plan, environment.clock.now());
        if (!number || !fault.empty())
            throw Failure(
                aim_of(lineage),
                number ? fmt::format("the certificate that is live is not fit for it: {}", fault)
                       : "none is live",
                fmt::format("`cairn renew {}` gets one that is.", lineage.text()));
        material.certificates.push_back(
            {member.key_type(plan), *number, std::move(*generation), kept.live_files()});
    }
    return material;
}

bool is_deployment_pending(const Environment& environment, const LineageName& lineage,
                           const CertificatePlan& plan) {
    const auto facts = LineageFactStore(environment.state, lineage).read_all();
    return facts && (!facts->open_deployments.empty() ||
                     !pending_targets(environment.state, *facts, lineage, plan).empty());
}

void deploy(const Environment& environment, const LineageName& lineage, const CertificatePlan& plan,
            Progress& progress) {
    const auto facts = facts_of(LineageFactStore(environment.state, lineage), lineage);
    Deployment(environment, lineage, plan, progress)
        .run(pending_targets(environment.state, facts, lineage, plan));
}

void deploy_to(const Environment& environment, const LineageName& lineage,
               const CertificatePlan& plan, const std::vector<DeployTarget>& targets,
               Progress& progress) {
    Deployment(environment, lineage, plan, progress).run(targets);
}

std::vector<DeployTarget> deploy_order(const TargetContext& context,
                                       std::vector<DeployTarget> targets) {
    std::vector<DeployTarget> ordered;
    std::vector<DeployTarget> others;
    for (auto& target : targets)
        (reads_live(context, target) ? ordered : others).push_back(std::move(target));
    std::ranges::move(others, std::back_inserter(ordered));
    return ordered;
}

std::vector<Failure> obstacles_to_deployment(const TargetContext& context,
                                             const DeploySubject& subject,
                                             const DeployTarget& target) {
    auto found = find_target(target, context);
    if (!found)
        return {{{fmt::format("deploy to {}", base::printable(target.text())), Phase::deploy},
                 found.error().message,
                 "name the target that is meant, or none ('')."}};
    if ((*found)->key_need() == KeyNeed::text && !subject.plan.csr.empty())
        return {
            {{fmt::format("deploy to {}", base::printable(target.text())), Phase::deploy},
             "the key of a request from elsewhere is not here, and this target needs it",
             "deploy where the key is, or by a program that needs none: --deploy exec:PROGRAM."}};
    const auto& store = subject.plan.key_store;
    const bool is_away = store.kind() != KeyStore::Kind::file || store.is_encrypted();
    if ((*found)->key_need() == KeyNeed::text && is_away)
        return {{{fmt::format("deploy to {}", base::printable(target.text())), Phase::deploy},
                 fmt::format("it needs the text of the private key, and --key-store {} keeps that "
                             "{}",
                             base::printable(store.text()),
                             store.is_encrypted() ? "encrypted" : "in a device, which gives none"),
                 "keep the key in a file (--key-store file), deploy the certificate alone "
                 "(--deploy files,fullchain=FILE), or have a program tell the server that uses the "
                 "device (--deploy exec:PROGRAM)."}};
    auto obstacles = (*found)->obstacles(subject);
    for (const auto& file : (*found)->files_read()) {
        const bool is_told = std::ranges::any_of(obstacles, [&](const Failure& obstacle) {
            return obstacle.came_back().contains(file.string());
        });
        if (is_told || ::faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) == 0) continue;
        obstacles.emplace_back(Aim{fmt::format("read {}", file.string()), Phase::deploy},
                               std::generic_category().message(errno),
                               "mend this, or name another file.");
    }
    return obstacles;
}

std::string_view to_string(TargetState::Kind kind) {
    static constexpr base::EnumTable<TargetState::Kind, std::string_view> names({
        {TargetState::Kind::current, "current"},
        {TargetState::Kind::pending, "pending"},
        {TargetState::Kind::failed, "failed"},
    });
    return names[kind];
}

std::vector<TargetState> target_states(const StateDirectory& state, const LineageMember& member,
                                       const CertificatePlan& plan, const LineageFacts& facts) {
    const auto& own = facts.of(member);
    std::vector<TargetState> states;
    for (const auto& target : plan.deploy_targets) {
        TargetState each{.target = target};
        const bool is_behind = is_pending(state, member, own, target);
        if (const auto* const known = own.deployment_of(target)) {
            each.number = known->number;
            each.since = known->since;
        } else if (target.is_program() && own.deployed) {
            each.number = own.deployed->number;
            each.since = own.deployed->since;
        }
        // Failures are kept with the first certificate.
        const auto* const first = facts.deployment_of(target);
        if (first != nullptr && first->failure) each.failure = first->failure;
        each.kind = each.failure ? TargetState::Kind::failed
                    : is_behind  ? TargetState::Kind::pending
                                 : TargetState::Kind::current;
        states.push_back(std::move(each));
    }
    return states;
}

}  // namespace cairn::client
