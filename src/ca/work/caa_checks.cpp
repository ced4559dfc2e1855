#include "ca/work/caa_checks.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/system/system_error.hpp>

#include "base/shortage.h"
#include "ca/work/evidence_report.h"

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;

CaaChecks::CaaChecks(Inquiry::Options options, Validator& validator, const base::Clock& clock,
                     base::Log& log)
    : options_(std::move(options)),
      validator_(validator),
      clock_(clock),
      log_(log),
      since_(clock.now()) {}

CaaStanding CaaChecks::standing(std::vector<CaaCheck> checks) const {
    return {.is_asked = !options_.caa_identities.empty(),
            .since = since_,
            .from = clock_.now() - longest_caa_reliance,
            .checks = std::move(checks)};
}

base::Task<std::vector<CaaCheck>> CaaChecks::renew(const Order& order,
                                                   std::span<const Authorization> proofs,
                                                   std::vector<CaaCheck> known,
                                                   const std::string& request) {
    auto known_now = standing(std::move(known));
    known_now.from += caa_margin;
    const auto wishes = missing_caa_checks(order, proofs, known_now);
    auto checks = std::move(known_now.checks);
    if (wishes.empty() || proofs.empty()) co_return checks;
    const auto now = clock_.now();
    const Asked asked{order, proofs.front().token, request};
    auto asking = ask_all(wishes, asked);
    auto outcomes = co_await std::move(asking);
    std::vector<CaaRefusal> refusals;
    for (auto& outcome : outcomes) {
        if (outcome.error) std::rethrow_exception(outcome.error);
        if (outcome.refusal) refusals.push_back(std::move(*outcome.refusal));
    }
    if (!refusals.empty()) throw caa_problem(refusals);
    for (const auto& wish : wishes) checks.push_back({wish.name, now});
    co_return checks;
}

// Halves, until there is one: all run at the same time.
base::Task<CaaChecks::Outcomes> CaaChecks::ask_all(std::span<const CaaWish> wishes,
                                                   const Asked& asked) {
    using namespace boost::asio::experimental::awaitable_operators;
    if (wishes.size() == 1) {
        auto one = ask(wishes.front(), asked);
        co_return co_await std::move(one);
    }
    const auto half = wishes.size() / 2;
    auto first = ask_all(wishes.first(half), asked);
    auto second = ask_all(wishes.subspan(half), asked);
    auto [left, right] = co_await (std::move(first) && std::move(second));
    std::move(right.begin(), right.end(), std::back_inserter(left));
    co_return std::move(left);
}

base::Task<CaaChecks::Outcomes> CaaChecks::ask(const CaaWish& wish, const Asked& asked) {
    Outcomes outcomes(1);
    try {
        auto looking = look(wish, asked);
        outcomes.front().refusal = co_await std::move(looking);
    } catch (...) {
        outcomes.front().error = std::current_exception();
    }
    co_return outcomes;
}

base::Task<std::optional<CaaRefusal>> CaaChecks::look(const CaaWish& wish, const Asked& asked) {
    std::optional<CaaRefusal> refusal;
    try {
        Validator::Question question{.account_url = options_.account_url
                                                        ? options_.account_url(asked.order.account)
                                                        : std::string(),
                                     .profile = asked.order.profile,
                                     .identifier = wish.name,
                                     .method = wish.method,
                                     .token = asked.token,
                                     .key_authorization = {},
                                     .caa_identities = options_.caa_identities,
                                     .aim = Validator::Aim::caa_alone,
                                     .caa_method = wish.method_name};
        auto answer = co_await validator_.validate(std::move(question));
        tell(wish, asked, answer);
        if (answer.failure)
            refusal.emplace(wish.name,
                            with_findings(std::move(answer.failure->problem), answer.evidence));
    } catch (const boost::system::system_error&) {
        throw;  // cancelled, or short of something
    } catch (const std::exception& error) {
        if (base::shortage_in(std::current_exception())) throw;
        log_.error("validator failed",
                   {{"order", asked.order.id.to_string()}, {"error", error.what()}});
        refusal.emplace(wish.name, Problem(ProblemType::server_internal,
                                           "the CA could not look up CAA records"));
    }
    co_return refusal;
}

void CaaChecks::tell(const CaaWish& wish, const Asked& asked, const Validator::Answer& answer) {
    const auto method =
        wish.method_name.empty() ? std::string(to_string(wish.method)) : wish.method_name;
    const auto order = asked.order.id.to_string();
    AuditEntry entry(AuditEvent::caa_seen);
    entry.add("request", std::string_view(asked.request));
    entry.add("account", asked.order.account).add("order", asked.order.id);
    entry.add("identifier", std::string_view(wish.name.value()));
    entry.add("method", std::string_view(method));
    if (answer.failure)
        entry.add(answer.failure->problem);
    else
        entry.add("outcome", "valid");
    entry.add("perspectives", perspective_entries(AuditEvent::caa_seen, answer.evidence));
    options_.audit.get().note(entry);
    log_.info("caa looked up",
              {{"request", asked.request},
               {"order", order},
               {"identifier", wish.name.value()},
               {"method", method},
               {"outcome", answer.failure ? to_string(answer.failure->problem.type) : "valid"},
               {"detail", answer.failure ? answer.failure->problem.detail
                                         : answer.evidence.front().step_list()}});
    tell_of_forbidden(log_, "order", order, asked.request, answer.evidence);
}

}  // namespace cairn::ca
