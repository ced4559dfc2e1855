#include "client/issuance.h"

#include <fmt/format.h>

#include "client/challenge_journal.h"
#include "client/child_process.h"
#include "client/lineage_mending.h"
#include "client/order_flow.h"
#include "client/revocation.h"

namespace cairn::client {
namespace {

crypto::PrivateKey certificate_key(const Environment& environment, const IssuanceOrder& order) {
    // A rehearsal shows no CA the key of a certificate that is live.
    if (order.plan.key_reuse == KeyReuse::same_key && order.installing == Installing::yes) {
        auto current = Lineage(environment.state, order.lineage).current();
        const auto note =
            current ? revocation_note(environment.state, order.lineage, current->chain.front())
                    : std::optional<RevocationNote>();
        const bool is_compromised =
            note && note->reason == protocol::RevocationReason::key_compromise;
        if (current && !is_compromised) return std::move(current->key);
    }
    return crypto::PrivateKey::generate(order.plan.key_type);
}

OrderOptions order_options(const Environment& environment, const Session& session,
                           const IssuanceOrder& order, const crypto::Signer& key) {
    const auto& plan = order.plan;
    OrderOptions options{.names = {},
                         .key = key,
                         .must_staple = plan.must_staple,
                         .profile = plan.profile,
                         .preferred_chain = plan.preferred_chain,
                         .replaces = order.replaces};
    // RFC 8555 section 11.1: whoever gets at one key must not have the other.
    if (options.key.public_key() == session.account_key().public_key())
        throw Failure({fmt::format("make the key of {}", order.lineage.text()), Phase::order},
                      "the lineage's key is the account's key", "leave out --reuse-key.");
    for (const auto& name : plan.names) {
        const auto solver = environment.solvers.find(name.solver);
        if (!solver)
            throw Failure({fmt::format("prove control of {}", name.identifier.value()),
                           Phase::challenge, name.identifier},
                          solver.error().message, "name another --solver for it.");
        options.names.push_back({name.identifier, *solver});
    }
    return options;
}

/// One try at one order, new or taken up.
class Attempt {
  public:
    Attempt(const Environment& environment, Session& session, const IssuanceOrder& order,
            const OrderRecord& record, Progress& progress)
        : environment_(environment),
          session_(session),
          order_(order),
          record_(record),
          progress_(progress),
          journal_(environment.state, order.lineage) {}

    /// The certificate of an order for `key`: of the one that was begun, else of a new one.
    pki::Chain obtain(const crypto::PrivateKey& key, const OrderPosition& begun) {
        auto options = options_for(key);
        OrderFlow flow(session_, journal_, environment_.timer, progress_, options);
        return completed(flow, [&] {
            if (!flow.take_up(begun)) flow.place();
        });
    }

    /// The certificate of the order that was begun, if anything comes of it.
    std::optional<pki::Chain> finish(const OpenOrder& begun) {
        auto options = options_for(begun.key);
        OrderFlow flow(session_, journal_, environment_.timer, progress_, options);
        try {
            if (!flow.take_up(begun.position)) return std::nullopt;
        } catch (const Failure& failure) {
            // An account that is gone takes its orders along.
            if (failure.problem() == protocol::ProblemType::account_does_not_exist)
                return std::nullopt;
            throw;
        }
        return completed(flow, [] {});
    }

  private:
    OrderOptions options_for(const crypto::PrivateKey& key) {
        auto options = order_options(environment_, session_, order_, key);
        if (order_.installing == Installing::dry_run) return options;
        options.keep = [this, key](const OrderPosition& position) {
            record_.keep({order_.plan, key, position});
        };
        options.next_run = fmt::format(
            "`cairn renew {}` goes on with this order, and nothing is ordered anew; to give it up, "
            "remove {}.",
            order_.lineage.text(), record_.file().string());
        return options;
    }

    template <class Begin>
    pki::Chain completed(OrderFlow& flow, Begin begin) {
        try {
            begin();
            return flow.complete();
        } catch (const Failure&) {
            // What has failed, or was not even placed, is no order to go on with.
            if ((flow.has_failed() || !flow.is_placed()) && order_.installing == Installing::yes)
                record_.erase();
            throw;
        }
    }

    const Environment& environment_;
    Session& session_;
    const IssuanceOrder& order_;
    const OrderRecord& record_;
    Progress& progress_;
    ChallengeJournal journal_;
};

pki::Chain obtain(const Environment& environment, Session& session, const IssuanceOrder& order,
                  const OrderRecord& record, const crypto::PrivateKey& key,
                  const OrderPosition& begun, Progress& progress) {
    const auto account_url = session.account_url();
    try {
        return Attempt(environment, session, order, record, progress).obtain(key, begun);
    } catch (const Failure& failure) {
        if (failure.problem() != protocol::ProblemType::account_does_not_exist) throw;
    }
    progress.tell({.kind = ProgressKind::account_forgotten, .host = session.host()});
    Account(session, environment.state, environment.timer)
        .open_again(account_url, order.account, progress);
    // Orders of the account that is gone are gone with it.
    return Attempt(environment, session, order, record, progress).obtain(key, {});
}

/// The order that an earlier run began and that asks for the same.
std::optional<OpenOrder> begun_order(const OrderRecord& record, const CertificatePlan& plan,
                                     Progress& progress) {
    auto begun = record.find();
    if (!begun)
        progress.tell({.kind = ProgressKind::order_unreadable, .text = begun.error().message});
    if (!begun || !*begun) return std::nullopt;
    if (ask_for_the_same((*begun)->plan, plan)) return std::move(*begun);
    progress.tell({.kind = ProgressKind::order_given_up});
    return std::nullopt;
}

void tell_mended(Lineage& lineage, Progress& progress) {
    for (const auto& event : LineageMending(lineage).run()) progress.tell(event);
}

void put_in_place(const Environment& environment, const IssuanceOrder& order, Lineage& lineage,
                  const Generation& generation) {
    // The plan first: a certificate that is live without it would never be renewed.
    const auto plan_file = environment.state.renewal(order.lineage);
    make_private_directory(plan_file.parent_path());
    write_durably(plan_file, order.plan.to_json(), FileAccess::owner);
    // A run that died behind this step has put it in place already.
    const auto current = lineage.current();
    const bool is_live = current && current->chain.front() == generation.chain.front();
    const auto number = is_live ? lineage.live_number() : std::nullopt;
    // Noted before the switch, so that a crash behind it does not leave servers with the old one.
    using enum LineageFacts::DeployHook;
    LineageFactStore(environment.state, order.lineage).change([&](LineageFacts& facts) {
        facts.obtain({number.value_or(lineage.next_number()), environment.clock.now()},
                     order.plan.deploy_hook.empty() ? none : has_to_run);
    });
    if (!is_live) lineage.install(generation);
}

pki::Chain obtain_and_install(const Environment& environment, Session& session,
                              const IssuanceOrder& order, Progress& progress) {
    Lineage lineage(environment.state, order.lineage);
    const OrderRecord record(environment.state, order.lineage);
    const bool is_dry_run = order.installing == Installing::dry_run;
    if (!is_dry_run) tell_mended(lineage, progress);
    in_phase(Phase::account, [&] {
        Account(session, environment.state, environment.timer).open(order.account, progress);
    });
    const auto begun =
        is_dry_run ? std::optional<OpenOrder>() : begun_order(record, order.plan, progress);
    const auto key = begun ? begun->key : certificate_key(environment, order);
    auto chain = obtain(environment, session, order, record, key,
                        begun ? begun->position : OrderPosition{}, progress);
    if (is_dry_run) return chain;
    in_phase(Phase::install, [&] { put_in_place(environment, order, lineage, {key, chain}); });
    record.erase();
    if (!order.plan.deploy_hook.empty()) deploy(environment, order.lineage, order.plan);
    return chain;
}

}  // namespace

pki::Chain issue(const Environment& environment, Session& session, const IssuanceOrder& order,
                 Progress& progress) {
    const auto work = [&] { return obtain_and_install(environment, session, order, progress); };
    if (order.installing == Installing::dry_run) return work();
    return LineageFactStore(environment.state, order.lineage)
        .attempt(environment.clock, order.plan.directory_url, work);
}

namespace {

std::optional<pki::Chain> go_on_and_install(const Environment& environment, Session& session,
                                            const LineageName& name, const OpenOrder& begun,
                                            Progress& progress) {
    Lineage lineage(environment.state, name);
    const OrderRecord record(environment.state, name);
    IssuanceOrder order{.lineage = name, .plan = begun.plan, .account = {}, .replaces = {}};
    // What has been said since about hooks and solvers counts.
    if (auto plan = CertificatePlan::read(environment.state.renewal(name));
        plan && ask_for_the_same(*plan, begun.plan))
        order.plan = std::move(*plan);
    tell_mended(lineage, progress);
    in_phase(Phase::account, [&] { Account(session, environment.state, environment.timer).use(); });
    auto chain = Attempt(environment, session, order, record, progress).finish(begun);
    if (chain)
        in_phase(Phase::install,
                 [&] { put_in_place(environment, order, lineage, {begun.key, *chain}); });
    record.erase();
    if (chain && !order.plan.deploy_hook.empty()) deploy(environment, name, order.plan);
    return chain;
}

}  // namespace

std::optional<pki::Chain> finish_issuance(const Environment& environment, Session& session,
                                          const LineageName& name, const OpenOrder& begun,
                                          Progress& progress) {
    return LineageFactStore(environment.state, name)
        .attempt(environment.clock, begun.plan.directory_url,
                 [&] { return go_on_and_install(environment, session, name, begun, progress); });
}

bool is_deployment_pending(const Environment& environment, const LineageName& lineage) {
    const auto facts = LineageFactStore(environment.state, lineage).read();
    return facts && facts->is_deployment_pending();
}

void deploy(const Environment& environment, const LineageName& lineage,
            const CertificatePlan& plan) {
    const auto live = environment.state.live(lineage);
    std::string names;
    for (const auto& name : plan.names)
        names += (names.empty() ? "" : " ") + name.identifier.value();
    const ChildProgram hook{.path = plan.deploy_hook,
                            .arguments = {},
                            .environment = {{"CAIRN_LINEAGE", lineage.text()},
                                            {"CAIRN_NAMES", names},
                                            {"CAIRN_LIVE_DIR", live.string()}}};
    const auto result = run_program(hook, environment.timer);
    if (result && result->status == 0) {
        LineageFactStore(environment.state, lineage).change([&](LineageFacts& facts) {
            facts.deploy(environment.clock.now());
        });
        return;
    }
    throw Failure(
        {fmt::format("deploy the certificate of {}", lineage.text()), Phase::deploy},
        result ? fmt::format("the hook {} ended with status {}: \"{}\"", plan.deploy_hook,
                             result->status, base::printable(result->output, 1000))
               : result.error().message,
        fmt::format(
            "the new certificate is in place in {}; mend the hook; `cairn renew` runs it again.",
            live.string()));
}

}  // namespace cairn::client
