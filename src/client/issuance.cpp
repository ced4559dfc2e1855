#include "client/issuance.h"

#include <fmt/format.h>

#include "client/challenge_journal.h"
#include "client/child_process.h"
#include "client/order_flow.h"

namespace cairn::client {
namespace {

crypto::PrivateKey certificate_key(const CertificatePlan& plan, const Lineage& lineage) {
    if (plan.key_reuse == KeyReuse::same_key)
        if (auto current = lineage.current()) return std::move(current->key);
    return crypto::PrivateKey::generate(plan.key_type);
}

OrderWishes order_wishes(const Workplace& workplace, const Session& session,
                         const IssuanceOrder& order, const Lineage& lineage) {
    const auto& plan = order.plan;
    OrderWishes wishes{.names = {},
                       .key = certificate_key(plan, lineage),
                       .must_staple = plan.must_staple,
                       .profile = plan.profile,
                       .preferred_chain = plan.preferred_chain,
                       .replaces = order.replaces};
    // RFC 8555 section 11.1: whoever gets at one key must not have the other.
    if (wishes.key.public_key() == session.account_key().public_key())
        throw Failure(fmt::format("make the key of {}", order.lineage.text()),
                      "the lineage's key is the account's key", "leave out --reuse-key.");
    for (const auto& name : plan.names) {
        const auto solver = workplace.solvers.find(name.solver);
        if (!solver)
            throw Failure(fmt::format("prove control of {}", name.identifier.value()),
                          solver.error().message, "name another --solver for it.");
        wishes.names.push_back({name.identifier, *solver});
    }
    return wishes;
}

pki::Chain obtain(const Workplace& workplace, Session& session, const OrderWishes& wishes,
                  const IssuanceOrder& order, Progress& progress) {
    const ChallengeJournal journal(workplace.state, order.lineage);
    try {
        return OrderFlow(session, journal, workplace.timer, progress, wishes).run();
    } catch (const Failure& failure) {
        if (failure.problem() != protocol::ProblemType::account_does_not_exist) throw;
    }
    progress.warn(fmt::format("{} does not know the account any more.", session.host()));
    Account(session, workplace.state, workplace.timer).open_again(order.account, progress);
    return OrderFlow(session, journal, workplace.timer, progress, wishes).run();
}

}  // namespace

Session Workplace::session(const std::string& directory_url, const std::string& root_file) const {
    return Session({.directory_url = directory_url,
                    .root_file = root_file,
                    .user_agent = user_agent,
                    .plain_http = plain_http},
                   clock, timer, random);
}

pki::Chain issue(const Workplace& workplace, Session& session, const IssuanceOrder& order,
                 Progress& progress) {
    Lineage lineage(workplace.state, order.lineage);
    lineage.require_place();
    Account(session, workplace.state, workplace.timer).open(order.account, progress);
    const auto wishes = order_wishes(workplace, session, order, lineage);
    auto chain = obtain(workplace, session, wishes, order, progress);
    if (order.installing == Installing::dry_run) return chain;

    // The plan first: a certificate that is live without it would never be renewed.
    const auto plan_file = workplace.state.renewal(order.lineage);
    make_private_directory(plan_file.parent_path());
    write_durably(plan_file, order.plan.to_json(), FileAccess::owner);
    // Noted before the switch, so that a crash behind it does not leave servers with the old one.
    const bool has_hook = !order.plan.deploy_hook.empty();
    if (has_hook) {
        const auto note = workplace.state.deployment(order.lineage);
        make_private_directory(note.parent_path());
        write_durably(note, std::string_view(), FileAccess::owner);
    }
    lineage.install({wishes.key, chain});
    if (has_hook) deploy(workplace, order.lineage, order.plan);
    return chain;
}

bool is_deployment_pending(const Workplace& workplace, const LineageName& lineage) {
    return std::filesystem::exists(workplace.state.deployment(lineage));
}

void deploy(const Workplace& workplace, const LineageName& lineage, const CertificatePlan& plan) {
    const auto live = workplace.state.live(lineage);
    std::string names;
    for (const auto& name : plan.names)
        names += (names.empty() ? "" : " ") + name.identifier.value();
    const ChildProgram hook{.path = plan.deploy_hook,
                            .arguments = {},
                            .environment = {{"CAIRN_LINEAGE", lineage.text()},
                                            {"CAIRN_NAMES", names},
                                            {"CAIRN_LIVE_DIR", live.string()}}};
    const auto result = run_program(hook, workplace.timer);
    if (result && result->status == 0) {
        std::filesystem::remove(workplace.state.deployment(lineage));
        return;
    }
    throw Failure(
        fmt::format("deploy the certificate of {}", lineage.text()),
        result ? fmt::format("the hook {} ended with status {}: \"{}\"", plan.deploy_hook,
                             result->status, base::printable(result->output, 1000))
               : result.error().message,
        fmt::format(
            "the new certificate is in place in {}; mend the hook; `cairn renew` runs it again.",
            live.string()));
}

}  // namespace cairn::client
