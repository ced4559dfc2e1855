#include "client/certificate_issuance.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "client/certificate_request.h"
#include "client/challenge_journal.h"
#include "client/failover.h"
#include "client/key_text.h"
#include "client/lineage_mending.h"
#include "client/lineage_renaming.h"
#include "client/order_flow.h"
#include "client/plan_keeping.h"
#include "client/preflight.h"
#include "client/revocation.h"

namespace cairn::client {
namespace {

LineageKey certificate_key(const Environment& environment, const IssuanceOrder& order) {
    if (!order.plan.csr.empty()) {
        const auto request = CertificateRequest::from_octets(order.plan.csr);
        if (!request)
            throw Failure(
                {fmt::format("use the request of {}", order.lineage.text()), Phase::order},
                request.error().message, "give another with `cairn set --csr FILE`.");
        return LineageKey::elsewhere(*request);
    }
    // A rehearsal shows no CA the key of a certificate that is live.
    if (order.plan.key_reuse == KeyReuse::same_key && order.installing == Installing::yes) {
        auto current = Lineage(environment.state, order.member()).current();
        const auto note =
            current ? revocation_note(environment.state, order.member(), current->chain.front())
                    : std::optional<RevocationNote>();
        const bool is_compromised =
            note && note->reason == protocol::RevocationReason::key_compromise;
        if (current && !is_compromised && is_of_type(current->key.public_key(), order.key_type()) &&
            current->key.is_kept_in(order.plan.key_store))
            return std::move(current->key);
    }
    // A dry run leaves nothing in a token.
    if (order.installing == Installing::dry_run) {
        require_reachable(order.plan.key_store, Phase::order);
        return LineageKey::generate(order.key_type());
    }
    return LineageKey::make(order.plan.key_store, order.key_type(),
                            order.lineage.text() + order.member().suffix());
}

/// Removes the key of an order of which nothing came, if it would be left in a token and no
/// generation has it.
void forget_key(const Environment& environment, const LineageMember& member, const LineageKey& key,
                Progress& progress) {
    const auto text = base::text_of(base::BytesView(key.text()));
    if (!leaves_something(text)) return;
    const Lineage lineage(environment.state, member);
    for (const auto number : lineage.numbers()) {
        const auto generation = lineage.generation(number);
        if (generation && generation->key.public_key() == key.public_key()) return;
    }
    try {
        remove_key_of(text);
    } catch (const std::runtime_error& error) {
        progress.tell({.kind = ProgressKind::remark,
                       .text = fmt::format("A key that nobody needs is left in its token: {}",
                                           base::printable(error.what(), 500))});
    }
}

/// Removes the keys of generations from their tokens that nobody can go back to any more: those
/// before the live one whose certificates have expired. The files stay.
void forget_expired_keys(const Environment& environment, const LineageMember& member,
                         const Lineage& lineage, Progress& progress) {
    const auto live = lineage.live_number();
    const auto current = lineage.current();
    for (const auto number : lineage.numbers()) {
        if (!live || !current || number >= *live) continue;
        const auto generation = lineage.generation(number);
        if (!generation || generation->chain.front().not_after() > environment.clock.now() ||
            generation->key.public_key() == current->key.public_key())
            continue;
        const auto text = base::text_of(base::BytesView(generation->key.text()));
        if (!leaves_something(text)) continue;
        try {
            remove_key_of(text);
            lineage.replace_key_text(number, leaving_nothing(text));
        } catch (const std::runtime_error& error) {
            progress.tell({.kind = ProgressKind::remark,
                           .text = fmt::format(
                               "The key of the former certificate {} of {} is left in its "
                               "token: {}",
                               number, member.lineage.text(), base::printable(error.what(), 500))});
        }
    }
}

/// What the order replaces, as far as this CA is to know: only what it has issued itself, and only
/// if it speaks of renewals.
std::string replaced_by(const IssuanceOrder& order, Session& session) {
    const bool is_its_own =
        order.replaced_at.empty() || order.replaced_at == session.options().directory_url;
    if (order.replaces.empty() || !is_its_own || session.directory().renewal_info.empty())
        return {};
    return order.replaces;
}

OrderOptions order_options(const Environment& environment, Session& session,
                           const IssuanceOrder& order, const crypto::Signer& key) {
    const auto& plan = order.plan;
    OrderOptions options{.names = {},
                         .key = key,
                         .csr = plan.csr,
                         .profile = plan.profile,
                         .profile_demand = plan.profile_demand,
                         .preferred_chain = plan.preferred_chain,
                         .replaces = replaced_by(order, session),
                         .patience = environment.ca_patience};
    if (plan.ca_timeout) options.patience = *plan.ca_timeout;
    // RFC 8555 section 11.1: whoever gets at one key must not have the other.
    if (options.key.public_key() == session.account_key().public_key())
        throw Failure({fmt::format("make the key of {}", order.lineage.text()), Phase::order},
                      "the lineage's key is the account's key", "leave out --reuse-key.");
    for (const auto& name : plan.names) {
        const auto solver = environment.solvers.find(name.solver);
        if (!solver)
            throw Failure({fmt::format("prove control of {}", name.identifier.value()),
                           Phase::challenge, name.identifier},
                          solver.error().message,
                          solver_advice(name.solver, name.identifier.value()));
        options.names.push_back({name.identifier, *solver});
    }
    return options;
}

/// One try at one order, new or taken up.
class OrderAttempt {
  public:
    OrderAttempt(const Environment& environment, Session& session, const IssuanceOrder& order,
                 const OrderRecord& record, Progress& progress)
        : environment_(environment),
          session_(session),
          order_(order),
          record_(record),
          progress_(progress),
          journal_(environment.state, order.lineage) {}

    /// The certificate of an order for `key`: of the one that was begun, else of a new one.
    pki::Chain obtain(const LineageKey& key, const OrderPosition& begun) {
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
    OrderOptions options_for(const LineageKey& key) {
        auto options = order_options(environment_, session_, order_, key.signer());
        if (order_.installing == Installing::dry_run) return options;
        options.keep = [this, key](const OrderPosition& position) {
            record_.keep(
                {order_.plan, key, position, session_.options().directory_url, order_.former});
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
                  const OrderRecord& record, const LineageKey& key, const OrderPosition& begun,
                  Progress& progress) {
    const auto account_url = session.account_url();
    try {
        return OrderAttempt(environment, session, order, record, progress).obtain(key, begun);
    } catch (const Failure& failure) {
        if (failure.problem() != protocol::ProblemType::account_does_not_exist) throw;
    }
    progress.tell({.kind = ProgressKind::account_forgotten, .host = session.host()});
    Account(session, environment.state, environment.timer, order.plan.account)
        .open_again(account_url, order.account, progress);
    // Orders of the account that is gone are gone with it.
    return OrderAttempt(environment, session, order, record, progress).obtain(key, {});
}

/// The order that an earlier run began and that asks for the same.
std::optional<OpenOrder> begun_order(const Environment& environment, const IssuanceOrder& order,
                                     Progress& progress) {
    const auto& plan = order.plan;
    auto begun = OrderRecord(environment.state, order.member()).find();
    if (!begun)
        progress.tell({.kind = ProgressKind::order_unreadable, .text = begun.error().message});
    if (!begun || !*begun) return std::nullopt;
    if (asks_for_the_same((*begun)->plan, plan, order.member()) &&
        plan.find_authority((*begun)->authority().directory_url) != nullptr)
        return std::move(*begun);
    progress.tell({.kind = ProgressKind::order_given_up});
    OrderRecord(environment.state, order.member()).erase();
    forget_key(environment, order.member(), (*begun)->key, progress);
    return std::nullopt;
}

void tell_mended(Lineage& lineage, Progress& progress) {
    for (const auto& event : LineageMending(lineage).run()) progress.tell(event);
}

void put_in_place(const Environment& environment, const IssuanceOrder& order,
                  const std::string& directory_url, const Generation& generation,
                  Progress& progress) {
    Lineage lineage(environment.state, order.member());
    // The plan first: a certificate that is live without it would never be renewed.
    const auto plan =
        keep_plan(environment.state, order.lineage, order.former, order.plan, progress);
    // A run that died behind this step has put it in place already.
    const auto current = lineage.current();
    const bool is_live = current && current->chain.front() == generation.chain.front();
    const auto number = is_live ? lineage.live_number() : std::nullopt;
    // Noted before the switch, so that a crash behind it does not leave servers with the old one.
    using enum LineageFacts::DeployHook;
    LineageFactStore(environment.state, order.member()).change([&](LineageFacts& facts) {
        facts.obtain({number.value_or(lineage.next_number()), environment.clock.now(),
                      directory_url, order.plan.profile},
                     plan.deploy_targets.empty() ? none : has_to_run);
    });
    if (!is_live) lineage.install(generation);
    forget_expired_keys(environment, order.member(), lineage, progress);
}

/// Everything from the account to the certificate in place, with one CA.
IssuedCertificate issue_at(const Environment& environment, const Authority& authority,
                           const IssuanceOrder& order, const std::optional<OpenOrder>& begun,
                           Progress& progress) {
    // What the CA may have issued already is fetched, whatever stands in the way of a new order.
    if (!begun || !begun->position.is_finalizing)
        require_clear_way(order.lineage, order.plan, environment.solvers, environment.state,
                          PortsLookedAt::yes, HooksLookedAt::no);
    auto& session =
        environment.sessions.with(authority.directory_url, authority.root_file, order.plan.account);
    const OrderRecord record(environment.state, order.member());
    auto here = order;
    in_phase(Phase::account, [&] {
        here.account = options_at(session, order.plan, order.account);
        Account(session, environment.state, environment.timer, order.plan.account)
            .open(here.account, progress);
    });
    const auto key = begun ? begun->key : certificate_key(environment, order);
    auto chain = [&] {
        try {
            return obtain(environment, session, here, record, key,
                          begun ? begun->position : OrderPosition{}, progress);
        } catch (...) {
            const auto kept = record.find();
            if (order.installing == Installing::yes && kept && !*kept)
                forget_key(environment, order.member(), key, progress);
            throw;
        }
    }();
    if (order.installing == Installing::dry_run) return {std::move(chain), authority.directory_url};
    in_phase(Phase::install, [&] {
        put_in_place(environment, order, authority.directory_url, {key, chain}, progress);
    });
    return {std::move(chain), authority.directory_url};
}

Standing standing_at(const Environment& environment, const Authority& authority,
                     const IssuanceOrder& order) {
    Standing standing;
    standing.is_unavailable =
        environment.sessions.with(authority.directory_url, authority.root_file, order.plan.account)
            .is_unavailable();
    if (order.installing == Installing::dry_run) return standing;
    const auto begun = OrderRecord(environment.state, order.member()).find();
    standing.may_have_issued = begun && *begun && (*begun)->position.is_finalizing;
    return standing;
}

}  // namespace

AccountOptions options_at(Session& session, const CertificatePlan& plan, AccountOptions options) {
    if (options.external && plan.authorities.size() > 1 &&
        !session.directory().external_account_required)
        options.external.reset();
    return options;
}

IssuedCertificate obtain_certificate(const Environment& environment, const IssuanceOrder& order,
                                     Progress& progress) {
    const bool is_dry_run = order.installing == Installing::dry_run;
    Lineage lineage(environment.state, order.member());
    if (!is_dry_run) {
        require_no_former_name(environment.state, order.lineage);
        tell_mended(lineage, progress);
    }
    if (!is_dry_run && asks_for_must_staple(environment.state.renewal(order.lineage)))
        progress.tell({.kind = ProgressKind::remark,
                       .text = "The plan asked for the must-staple extension, which CAs do not "
                               "grant any more; it is left out."});
    const auto begun =
        is_dry_run ? std::optional<OpenOrder>() : begun_order(environment, order, progress);
    const LimitLedger limits(environment.state, environment.clock);
    std::vector<Failure> failures;
    const auto authorities = in_turn(order.plan, begun);
    for (const auto& authority : authorities) {
        const bool is_begun_here =
            begun && begun->authority().directory_url == authority.directory_url;
        const auto work = [&] {
            return issue_at(environment, authority, order,
                            is_begun_here ? begun : std::optional<OpenOrder>(), progress);
        };
        const auto subject = OrderSubject::of(authority, order.plan);
        try {
            // What may have been issued already is fetched, whatever is limited.
            if (!is_begun_here || !begun->position.is_finalizing)
                limits.require_admission(subject, order.caution);
            auto issued = is_dry_run ? work()
                                     : LineageFactStore(environment.state, order.member())
                                           .attempt(environment.clock, authority.directory_url,
                                                    work, LineageFactStore::OpenOrderThen::is_done);
            limits.note_success(subject);
            return issued;
        } catch (const Failure& failure) {
            limits.note(subject, failure);
            if (authorities.size() == 1) throw;
            const bool goes_on =
                !environment.timer.is_stopped() &&
                may_be_had_elsewhere(failure, standing_at(environment, authority, order));
            if (!goes_on && failures.empty()) throw;
            failures.push_back(failure);
            if (!goes_on || failures.size() == authorities.size()) break;
            progress.tell({.kind = ProgressKind::asking_another_authority,
                           .failure = failure,
                           .text = authorities[failures.size()].directory_url});
        }
    }
    throw none_of_them(order.lineage, failures);
}

namespace {

std::optional<pki::Chain> go_on_and_install(const Environment& environment,
                                            const LineageMember& member, const OpenOrder& begun,
                                            Progress& progress) {
    const auto authority = begun.authority();
    // The order is known to the account that placed it alone.
    const auto& account = begun.plan.account;
    auto& session =
        environment.sessions.with(authority.directory_url, authority.root_file, account);
    Lineage lineage(environment.state, member);
    const OrderRecord record(environment.state, member);
    IssuanceOrder order{.lineage = member.lineage,
                        .plan = begun.plan,
                        .account = {},
                        .replaces = {},
                        .further = member.further,
                        .former = begun.former};
    // What has been said since about other CAs, key types, hooks and solvers counts.
    if (auto plan = CertificatePlan::read(environment.state.renewal(member.lineage));
        plan && asks_for_the_same(*plan, begun.plan, member) &&
        plan->find_authority(authority.directory_url) != nullptr)
        order.former = order.plan = std::move(*plan);
    tell_mended(lineage, progress);
    in_phase(Phase::account,
             [&] { Account(session, environment.state, environment.timer, account).use(); });
    auto chain = OrderAttempt(environment, session, order, record, progress).finish(begun);
    if (chain) {
        in_phase(Phase::install, [&] {
            put_in_place(environment, order, authority.directory_url, {begun.key, *chain},
                         progress);
        });
    } else {
        record.erase();
        forget_key(environment, member, begun.key, progress);
    }
    return chain;
}

}  // namespace

std::optional<pki::Chain> finish_certificate(const Environment& environment,
                                             const LineageMember& member, const OpenOrder& begun,
                                             Progress& progress) {
    return LineageFactStore(environment.state, member)
        .attempt(
            environment.clock, begun.authority().directory_url,
            [&] { return go_on_and_install(environment, member, begun, progress); },
            LineageFactStore::OpenOrderThen::is_done);
}

}  // namespace cairn::client
