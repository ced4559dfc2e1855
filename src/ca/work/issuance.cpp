#include "ca/work/issuance.h"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/this_coro.hpp>

#include "ca/rules/order_rules.h"
#include "crypto/digest.h"
#include "protocol/jwk.h"

namespace cairn::ca {

using protocol::OrderStatus;
using protocol::Problem;
using protocol::ProblemType;

namespace {

QueuedJob job_of(const OrderId& id, const AccountId& account) {
    return {.id = id.to_string(), .owner = account.to_string()};
}

/// Retry-After while no issuer is valid: short, since an operator is at work on it.
constexpr base::Seconds issuer_retry{60};

// The first few of `findings`, and how many more there are.
template <class Findings, class Text>
std::string joined(const Findings& findings, Text text) {
    constexpr std::size_t most = 5;
    std::string result;
    std::size_t count = 0;
    for (const auto& finding : findings) {
        if (++count > most) continue;
        if (!result.empty()) result += "; ";
        result += text(finding);
    }
    if (count > most) result += "; and " + std::to_string(count - most) + " more";
    return result;
}

pki::Csr require_csr(const protocol::FinalizeRequest& request) {
    auto csr = pki::Csr::from_der(request.csr);
    if (csr) return *std::move(csr);
    throw Problem(ProblemType::bad_csr,
                  "the CSR is refused: " +
                      joined(csr.error(), [](const base::Error& error) { return error.message; }));
}

void require_begun(OrderStore::IssuanceBeginning beginning) {
    using enum OrderStore::IssuanceBeginning;
    switch (beginning) {
        case begun:
            return;
        case key_is_blocked:
            throw Problem(ProblemType::bad_csr,
                          "the CSR is refused: its key is known to be compromised");
        case key_is_an_accounts:  // RFC 8555 section 11.1
            throw Problem(ProblemType::bad_csr, "the CSR is refused: its key is an account's key");
        case refused:
        case over_limit:  // it was refused already
            throw Problem(ProblemType::order_not_ready,
                          "the order is being finalized already, or cannot be any more");
    }
}

}  // namespace

Issuance::Issuance(Repository& repository, const Issuers& issuers, const Profiles& profiles,
                   RateLimits& limits, const base::Clock& clock, const ClockWatch& clock_watch,
                   crypto::Random& random, std::function<base::Executor()> next_executor,
                   base::Announcements& announcements, base::Log& log, Observer& observer,
                   Options options)
    : repository_(repository),
      issuers_(issuers),
      profiles_(profiles),
      limits_(limits),
      clock_(clock),
      clock_watch_(clock_watch),
      random_(random),
      announcements_(announcements),
      log_(log),
      observer_(observer),
      options_(std::move(options)),
      issuings_(announcements),
      queue_(
          {.name = "issuance", .queue = Observer::Queue::issuance, .parallel = 64},
          std::move(next_executor),
          [this](std::string id) -> base::Task<JobQueue::Again> {
              co_await carry_out(*OrderId::from_text(id));
              co_return std::nullopt;
          },
          [this](const std::string& id) { return give_up(*OrderId::from_text(id)); },
          [this](std::size_t limit) { return unfinished(limit); }, log, observer) {}

void Issuance::start() {
    queue_.start();
}
void Issuance::stop(base::Milliseconds patience) {
    queue_.stop(patience);
}

base::Task<OrderView> Issuance::finalize(OrderView view, protocol::FinalizeRequest request,
                                         RequestContext context, base::Milliseconds patience,
                                         std::optional<Account> of_order) {
    const auto id = view.order.id;
    const auto account = view.order.account;
    // Taken first, so that no end is missed.
    auto ticket = announcements_.ticket(co_await boost::asio::this_coro::executor, id.to_string());
    const auto beginning = co_await begin(std::move(view), std::move(request), std::move(context),
                                          std::move(of_order));
    if (beginning.is_under_way) co_await ticket.wait(patience);
    if (auto outcome = issuings_.result_of(beginning.issuing)) co_return *std::move(outcome);
    co_return co_await present(id, account);
}

base::Task<OrderView> Issuance::settled(OrderView view, base::Milliseconds patience) {
    if (view.status() != OrderStatus::processing) co_return view;
    const auto id = view.order.id;
    const auto account = view.order.account;
    auto ticket = announcements_.ticket(co_await boost::asio::this_coro::executor, id.to_string());
    // Read again: it may have ended between the first reading and the ticket.
    view = co_await present(id, account);
    if (view.status() != OrderStatus::processing) co_return view;
    co_await ticket.wait(patience);
    co_return co_await present(id, account);
}

base::Task<OrderView> Issuance::present(OrderId id, AccountId account) {
    auto found = co_await repository_.find_order_and_proofs(id);
    std::optional<OrderView> view;
    if (found) view = OrderView{std::move(found->order), std::move(found->proofs), clock_.now()};
    co_return Ordering::require_own(std::move(view), account);
}

std::optional<Issuance::Beginning> Issuance::repeated(const OrderView& view,
                                                      const base::Bytes& csr) {
    const auto status = view.status();
    const auto& intent = view.order.intent;
    if (!intent || intent->csr != csr || status == OrderStatus::invalid) return std::nullopt;
    return Beginning{status == OrderStatus::processing, nullptr};
}

void Issuance::require_allowed(const pki::Csr& csr, const Order& order, const Profile& profile,
                               const AccountScope& scope) const {
    const auto refuse = [](const std::string& why) {
        throw Problem(ProblemType::bad_csr, "the CSR is refused: " + why);
    };
    if (const auto findings = csr_findings(csr, order, profile, scope); !findings.empty())
        refuse(joined(findings, [](const std::string& finding) { return finding; }));
    if (options_.weak_keys && options_.weak_keys->contains(csr.public_key()))
        refuse(
            "its key is one of those that Debian's OpenSSL made in 2006 to 2008, which anybody "
            "can know (CVE-2008-0166)");
    if (options_.names != nullptr)
        if (auto refusal = names_refusal(order.identifiers, profile, *options_.names, scope))
            throw std::move(*refusal);
}

base::Task<AccountScope> Issuance::scope_of(Account account, const pki::Csr& csr) {
    auto scope = std::move(account.scope);
    if (csr.names().uris.empty() || !account.binding) co_return scope;
    const auto key = co_await repository_.find_external_key(account.binding->kid);
    if (key && !key->revoked)
        scope.uris.insert(scope.uris.end(), key->scope.uris.begin(), key->scope.uris.end());
    co_return scope;
}

base::Task<Issuance::Beginning> Issuance::begin(OrderView view, protocol::FinalizeRequest request,
                                                RequestContext context,
                                                std::optional<Account> account) {
    if (auto repetition = repeated(view, request.csr)) co_return *std::move(repetition);
    auto& order = view.order;
    const auto status = view.status();
    if (status != OrderStatus::ready)
        throw Problem(ProblemType::order_not_ready,
                      "the order is " + std::string(to_string(status)) + ", not ready");
    const auto* profile = profiles_.find(order.profile);
    if (profile == nullptr)
        throw Problem(ProblemType::invalid_profile,
                      "profile \"" + order.profile + "\" is not offered any more");

    auto csr = require_csr(request);
    AccountScope scope;
    if (account) scope = co_await scope_of(*std::move(account), csr);
    require_allowed(csr, order, *profile, scope);
    // Before anything is written, so that the order stays ready while its client mends the records.
    auto renewing = renew_caa(order, view.proofs, {}, context.request);
    auto caa = co_await std::move(renewing);
    const auto now = clock_.now();
    if (auto refusal = validity_refusal(order.not_before, order.not_after, *profile, now))
        throw std::move(*refusal);
    const auto issuer_not_after =
        require_issuer_at_once({order.profile, csr.public_key().algorithm(), order.identifiers})
            .validity()
            .not_after;
    IssuanceIntent intent{.begun = now,
                          .csr = std::move(request.csr),
                          .serial = pki::SerialNumber::dated(now, random_),
                          .validity = validity_for(order, *profile, issuer_not_after, now),
                          .request = context.request};
    if (auto refusal = intent_refusal(intent, issuer_not_after, now)) throw std::move(*refusal);
    const OrderStore::RequestedKey key{
        .id = crypto::sha256(csr.public_key().spki()),
        .thumbprint = protocol::Jwk::of(csr.public_key()).thumbprint()};
    const auto foreign_endings = issuings_.foreign_endings();
    auto writing = begin_within_limits(order, intent, key, context);
    const auto beginning = co_await std::move(writing);
    if (beginning == OrderStore::IssuanceBeginning::refused) {
        // A parallel finalize may have written the intent since the order was read.
        auto present = co_await repository_.find_order_and_proofs(order.id);
        if (present) {
            const OrderView now_there{std::move(present->order), std::move(present->proofs),
                                      clock_.now()};
            if (auto repetition = repeated(now_there, intent.csr)) co_return *std::move(repetition);
        }
    }
    require_begun(beginning);
    order.intent = std::move(intent);
    const auto id = order.id;
    auto queued = job_of(id, order.account);
    Facts facts{std::move(order), std::move(view.proofs), std::move(csr), std::move(scope),
                std::move(caa)};
    auto issuing = issuings_.begin_written(id, std::move(facts), context.received, foreign_endings);
    queued.place = co_await boost::asio::this_coro::executor;
    const bool is_submitted = queue_.submit(std::move(queued)) == JobQueue::Submission::taken;
    if (issuing && !is_submitted) issuings_.withdraw(id);
    co_return Beginning{true, std::move(issuing)};
}

base::Task<void> Issuance::carry_out(OrderId id) {
    Issuings::Job job(issuings_, id);
    std::optional<Facts> facts;
    std::optional<Order> order;
    std::optional<ProvenIntent> proven;
    std::optional<Problem> problem;
    const auto begun = issuings_.find(id);
    if (begun && begun->is_fresh()) {
        facts = begun->facts;
        order = facts->order;
    } else {
        order = co_await repository_.find_order(id);
    }
    const auto earlier = unsettled_.find(id);
    if (!order || !order->intent) {  // it was removed meanwhile
        if (earlier) unsettled_.remove(id);
        co_return;
    }
    if (order->completed || order->problem) {
        if (earlier) co_await settle(*order, *earlier);
        co_return;
    }
    try {
        if (!facts) facts = co_await read_again(*order);
        // Hours may have passed since the intent was written.
        auto renewing =
            renew_caa(facts->order, facts->proofs, std::move(facts->caa), order->intent->request);
        facts->caa = co_await std::move(renewing);
        proven.emplace(prove(*facts));
    } catch (Problem& refusal) {
        problem = std::move(refusal);
    }

    IssuanceEnding ending;
    if (problem) {
        ending.problem = order->problem = std::move(problem);
    } else if (earlier && earlier->certificate) {
        ending = *earlier;
        ending.problem.reset();
        order->completed = ending.certificate->issued;
    } else {
        auto signed_ending = co_await draw_up_and_sign(*order, *std::move(proven));
        if (!signed_ending) co_return;
        ending = *std::move(signed_ending);
        if (ending.certificate) order->completed = ending.certificate->issued;
        order->problem = ending.problem;
    }
    const bool is_written = co_await write(id, ending);
    if (!is_written && earlier) {  // whose answer was lost: it may have been written
        const auto present = co_await repository_.find_order(id);
        if (present) co_await settle(*present, *earlier);
    }
    if (!is_written) co_return;
    if (earlier) unsettled_.remove(id);
    tell(*order, ending);
    const auto now = order->completed.value_or(clock_.now());
    job.set_result({*std::move(order), {}, now});
}

base::Task<std::vector<QueuedJob>> Issuance::unfinished(std::size_t limit) {
    std::vector<QueuedJob> jobs;
    for (const auto& id : unsettled_.orders(limit)) jobs.push_back({.id = id.to_string()});
    for (const auto& found : co_await repository_.claim_unfinished_issuances(limit - jobs.size()))
        jobs.push_back(job_of(found.id, found.account));
    co_return jobs;
}

base::Task<bool> Issuance::write(OrderId id, const IssuanceEnding& ending) {
    try {
        if (ending.problem) {
            auto failing = repository_.fail_issuance(id, *ending.problem, clock_.now());
            co_return co_await std::move(failing);
        }
        co_return co_await repository_.complete_issuance(id, *ending.certificate);
    } catch (const OutcomeUnknown&) {
        unsettled_.add(id, ending);
        throw;
    }
}

base::Task<void> Issuance::settle(Order order, IssuanceEnding earlier) {
    if (order.problem) {
        const bool is_same =
            earlier.problem && earlier.problem->to_json() == order.problem->to_json();
        earlier.certificate.reset();
        if (is_same) tell(order, earlier);
    } else if (earlier.certificate) {
        const auto stored = co_await repository_.find_certificate(order.intent->serial);
        earlier.problem.reset();
        if (stored && stored->is_same(*earlier.certificate)) tell(order, earlier);
    }
    unsettled_.remove(order.id);
}

void Issuance::tell(const Order& order, const IssuanceEnding& ending) {
    const auto& intent = *order.intent;
    if (ending.problem) {
        observer_.issuance_refused(ending.problem->type);
        log_.warning("issuance refused", {{"request", intent.request},
                                          {"order", order.id.to_string()},
                                          {"detail", ending.problem->detail}});
        return;
    }
    observer_.issued(Observer::Subject::order);
    log_.info("issued",
              {{"request", intent.request},
               {"order", order.id.to_string()},
               {"account", order.account.to_string()},
               {"issuer", ending.issuer},
               {"serial", intent.serial.to_hex()},
               {"names", joined(order.identifiers, [](const auto& name) { return name.value(); })},
               {"not_after", base::to_rfc3339(intent.validity.not_after)}});
}

base::Task<Issuance::Facts> Issuance::read_again(Order order) {
    const auto account = co_await repository_.find_account(order.account);
    if (!account || account->deactivated)
        throw Problem(ProblemType::unauthorized, "the account was deactivated");
    auto proofs = co_await repository_.find_authorizations(order.authorizations);
    auto csr = pki::Csr::from_kept_der(order.intent->csr);
    if (!csr) throw Problem(ProblemType::bad_csr, csr.error().front().message);
    const auto key = crypto::sha256(csr->public_key().spki());
    const bool is_blocked = co_await repository_.is_key_blocked(key);
    if (is_blocked)
        throw Problem(ProblemType::bad_csr, "the key became known as compromised meanwhile");
    auto scope = co_await scope_of(*account, *csr);
    co_return Facts{std::move(order), std::move(proofs), *std::move(csr), std::move(scope), {}};
}

base::Task<std::vector<CaaCheck>> Issuance::renew_caa(const Order& order,
                                                      std::span<const Authorization> proofs,
                                                      std::vector<CaaCheck> known,
                                                      const std::string& request) {
    if (options_.caa == nullptr) co_return known;
    auto renewing = options_.caa->renew(order, proofs, std::move(known), request);
    co_return co_await std::move(renewing);
}

Issuance::ProvenIntent Issuance::prove(const Facts& facts) const {
    const auto& order = facts.order;
    const auto caa = options_.caa ? options_.caa->standing(facts.caa) : CaaStanding();
    auto proof = IssuanceProof::of(order, facts.proofs, facts.csr, profiles_, facts.scope, caa);
    if (!proof) throw std::move(proof.error());
    // Checked again: an outage or a change of issuer may lie between finalize and now.
    const auto& pin = order.intent->pin;
    const auto& issuer = pin ? require_bound(*pin)
                             : require_issuer({order.profile, facts.csr.public_key().algorithm(),
                                               order.identifiers});
    if (auto refusal = intent_refusal(*order.intent, issuer.validity().not_after, clock_.now())) {
        // The order must not become invalid because of a clock that will be corrected.
        if (!clock_watch_.is_believed())
            throw SignerUnavailable("the clock of the CA is not believed");
        throw std::move(*refusal);
    }
    return ProvenIntent{std::move(*proof), issuer};
}

base::Task<void> Issuance::give_up(OrderId id) {
    Problem problem(ProblemType::server_internal, "the CA could not issue the certificate");
    const bool is_written =
        co_await repository_.fail_issuance(id, std::move(problem), clock_.now());
    if (is_written) observer_.issuance_refused(ProblemType::server_internal);
    announcements_.announce(id.to_string());
}

const Issuer& Issuance::require_issuer(const Issuers::Wanted& wanted) const {
    const auto* issuer = issuers_.choose(wanted, clock_.now());
    if (issuer == nullptr)
        throw Problem(ProblemType::bad_csr,
                      "no issuer of this CA issues certificates of profile \"" + wanted.profile +
                          "\" for " + std::string(to_string(wanted.key)) +
                          " keys and the names of the order");
    return *issuer;
}

const Issuer& Issuance::require_issuer_at_once(const Issuers::Wanted& wanted) const {
    try {
        return require_issuer(wanted);
    } catch (const IssuerUnavailable& error) {
        Problem problem(ProblemType::server_internal, error.what(), 503);
        problem.retry_after = issuer_retry;
        throw problem;
    }
}

}  // namespace cairn::ca
