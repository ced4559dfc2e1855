#include "client/issuance.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "client/attempt_record.h"
#include "client/lineage.h"
#include "client/lineage_fact_store.h"
#include "client/order_record.h"
#include "client/plan_keeping.h"
#include "client/renewal_info.h"

namespace cairn::client {
namespace {

/// Gives up the orders for key types that are not wanted any more: gone on with, they would bring
/// back the plan that they were placed for.
void give_up_unplanned_orders(const Environment& environment, const IssuanceOrder& order,
                              Progress& progress) {
    const auto planned = planned_members(order.lineage, order.plan);
    for (const auto& member : possible_members(order.lineage)) {
        if (std::ranges::find(planned, member) != planned.end()) continue;
        const OrderRecord record(environment.state, member);
        const auto begun = record.find();
        if (!begun || !*begun) continue;
        progress.tell({.kind = ProgressKind::order_given_up});
        record.erase();
    }
}

/// The failures to obtain certificates for some key types, at least one.
Failure all_of(const LineageName& lineage, const std::vector<Failure>& failures) {
    if (failures.size() == 1) return failures.front();
    std::string came_back;
    for (const auto& failure : failures)
        came_back += fmt::format("\n  could not {}: {}", failure.tried(), failure.came_back());
    const auto& first = failures.front();
    return Failure({fmt::format("obtain the certificates of {}", lineage.text()), first.phase(),
                    first.identifier()},
                   std::move(came_back), first.next())
        .with(first.document(), first.status(), first.findings())
        .retrying_at(first.retry_at());
}

/// What stands of a certificate that is left alone.
IssuedCertificate standing(const Environment& environment, const LineageMember& member,
                           const CertificatePlan& plan) {
    auto current = Lineage(environment.state, member).current();
    if (!current)
        throw Failure(
            {fmt::format("leave a certificate of {} alone", member.lineage.text()), Phase::install},
            current.error().message, "run the command again.");
    const auto facts = LineageFactStore(environment.state, member).read();
    return {std::move(current->chain),
            facts ? facts->issuing_authority(plan).directory_url : std::string()};
}

/// Names the certificate that this one takes the place of, for the CA that issued that.
void name_replaced(const Environment& environment, IssuanceOrder& single) {
    const auto current = Lineage(environment.state, single.member()).current();
    const auto facts = LineageFactStore(environment.state, single.member()).read();
    if (!current || !facts || !facts->obtained) return;
    single.replaces = renewal_identifier(current->chain.front()).value_or("");
    single.replaced_at = facts->obtained->directory_url;
}

IssuedCertificates first_and_further(std::vector<IssuedCertificate> certificates) {
    IssuedCertificates all{std::move(certificates.front())};
    all.further.assign(std::make_move_iterator(certificates.begin() + 1),
                       std::make_move_iterator(certificates.end()));
    return all;
}

IssuedCertificates issue_all(const Environment& environment, const IssuanceOrder& order,
                             Progress& progress) {
    const bool is_dry_run = order.installing == Installing::dry_run;
    if (!is_dry_run) give_up_unplanned_orders(environment, order, progress);
    const bool are_several = order.plan.key_types.size() > 1;
    std::vector<IssuedCertificate> issued;
    std::vector<Failure> failures;
    for (const auto& member : planned_members(order.lineage, order.plan)) {
        if (std::ranges::find(order.left_alone, member) != order.left_alone.end()) {
            issued.push_back(standing(environment, member, order.plan));
            continue;
        }
        auto single = order;
        single.further = member.further;
        if (!is_dry_run && single.replaces.empty()) name_replaced(environment, single);
        if (are_several)
            progress.tell({.kind = ProgressKind::obtaining_for_key_type,
                           .text = std::string(crypto::to_string(single.key_type()))});
        try {
            issued.push_back(obtain_certificate(environment, single, progress));
        } catch (const Failure& failure) {
            const bool is_about_every = is_about_every_key_type(failure);
            failures.push_back(
                are_several && !is_about_every ? of_key_type(failure, single.key_type()) : failure);
            if (is_about_every || environment.timer.is_stopped()) break;
        }
    }
    // Whoever has changed the plan meanwhile wants other targets to learn of it.
    const auto plan =
        is_dry_run ? order.plan : plan_in_force(environment.state, order.lineage, order.plan);
    if (!issued.empty() && !is_dry_run && !plan.deploy_targets.empty()) {
        try {
            deploy(environment, order.lineage, plan, progress);
        } catch (const Failure& failure) {
            LineageFactStore(environment.state, order.lineage)
                .note({environment.clock.now(), issued.front().directory_url, failure});
            failures.push_back(failure);
        }
    }
    if (!failures.empty()) throw all_of(order.lineage, failures);
    return first_and_further(std::move(issued));
}

}  // namespace

IssuedCertificates standing_certificates(const Environment& environment, const LineageName& lineage,
                                         const CertificatePlan& plan) {
    std::vector<IssuedCertificate> all;
    for (const auto& member : planned_members(lineage, plan))
        all.push_back(standing(environment, member, plan));
    return first_and_further(std::move(all));
}

IssuedCertificates issue(const Environment& environment, const IssuanceOrder& order,
                         RunHooks& hooks, Progress& progress) {
    const bool is_dry_run = order.installing == Installing::dry_run;
    AttemptRecord attempt(environment, order.lineage,
                          is_dry_run ? AttemptWork::rehearse : AttemptWork::issue, progress);
    try {
        hooks.before(order.lineage, order.plan, attempt);
        auto issued = issue_all(environment, order, attempt);
        hooks.note(order.lineage, order.plan, nullptr, attempt);
        attempt.succeed();
        return issued;
    } catch (const Failure& failure) {
        hooks.note(order.lineage, order.plan, &failure, attempt);
        attempt.fail(failure);
        throw failure.of_attempt(attempt.id());
    }
}

IssuedCertificates issue(const Environment& environment, const IssuanceOrder& order,
                         Progress& progress) {
    RunHooks hooks(environment, order.installing);
    std::optional<IssuedCertificates> issued;
    std::optional<Failure> failure;
    try {
        issued = issue(environment, order, hooks, progress);
    } catch (const Failure& caught) {
        failure = caught;
    }
    for (const auto& failed : hooks.after(progress))
        if (!failure) failure = failed.failure;
    if (failure) throw Failure(*failure);
    return std::move(*issued);
}

void open_other_accounts(const Environment& environment, const CertificatePlan& plan,
                         AccountOptions options, Progress& progress) {
    options.replacement = AccountOptions::Replacement::none;
    for (const auto& authority : plan.authorities) {
        if (authority == plan.preferred_authority()) continue;
        try {
            auto& session = environment.sessions.with(authority.directory_url, authority.root_file,
                                                      plan.account);
            Account(session, environment.state, environment.timer, plan.account)
                .open(options_at(session, plan, options), progress);
        } catch (const Failure& failure) {
            if (environment.timer.is_stopped()) throw;
            progress.tell({.kind = ProgressKind::authority_not_ready,
                           .failure = failure,
                           .text = authority.directory_url});
        }
    }
}

bool is_about_every_key_type(const Failure& failure) {
    switch (failure.phase()) {
        case Phase::account:
        case Phase::binding:
        case Phase::authorization:
        case Phase::challenge:
            return true;
        case Phase::other:
        case Phase::order:
        case Phase::finalize:
        case Phase::download:
        case Phase::install:
        case Phase::deploy:
        case Phase::revocation:
            return false;
    }
    return false;
}

Failure of_key_type(const Failure& failure, crypto::KeyType type) {
    return Failure(
               {fmt::format("{}, for the key type {}", failure.tried(), crypto::to_string(type)),
                failure.phase(), failure.identifier()},
               failure.came_back(), failure.next())
        .with(failure.document(), failure.status(), failure.findings())
        .retrying_at(failure.retry_at());
}

}  // namespace cairn::client
