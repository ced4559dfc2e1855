#include "ca/work/standing_proofs.h"

#include <algorithm>
#include <chrono>

#include <boost/asio/this_coro.hpp>

#include "ca/rules/challenge_rules.h"
#include "ca/rules/validation_target.h"

namespace cairn::ca {

using protocol::AuthorizationStatus;
using protocol::ChallengeType;

namespace {

constexpr std::size_t most_at_once = 256;
constexpr std::size_t most_waiting = 2000;

// The store knows of no glance.
base::Task<std::vector<QueuedJob>> none_left(std::size_t) {
    co_return std::vector<QueuedJob>();
}

}  // namespace

StandingProofs::StandingProofs(Inquiry::Options inquiry, Repository& repository,
                               Validator& validator, const Profiles& profiles, const Limits& limits,
                               const base::Clock& clock,
                               std::function<base::Executor()> next_executor,
                               base::Announcements& announcements, base::Log& log,
                               Observer& observer)
    : inquiry_(std::move(inquiry), validator, clock, log, observer),
      repository_(repository),
      profiles_(profiles),
      limits_(limits),
      clock_(clock),
      announcements_(announcements),
      queue_(
          {.name = "standing proofs",
           .queue = Observer::Queue::validation,
           .parallel = most_at_once,
           .waiting = most_waiting},
          std::move(next_executor),
          [this](const std::string& id) -> base::Task<JobQueue::Again> {
              co_await carry_out(id);
              co_return std::nullopt;
          },
          [this](const std::string& id) -> base::Task<void> {
              end(id, std::nullopt);
              co_return;
          },
          none_left, log, observer) {}

void StandingProofs::start() {
    queue_.start();
}
void StandingProofs::stop(base::Milliseconds patience) {
    queue_.stop(patience);
}

base::Task<std::vector<Authorization>> StandingProofs::look(
    std::vector<Authorization> authorizations, Account account, RequestContext context,
    base::Milliseconds patience) {
    const auto place = co_await boost::asio::this_coro::executor;
    struct Waiting {
        std::size_t place;
        Handle glance;
        base::Announcements::Ticket ticket;
    };
    std::vector<Waiting> waiting;
    const auto now = clock_.now();
    for (std::size_t i = 0; i < authorizations.size(); ++i) {
        const auto& authorization = authorizations[i];
        if (authorization.status(now) != AuthorizationStatus::pending || authorization.attempt ||
            !authorization.offers(ChallengeType::dns_persist_01))
            continue;
        // Taken first, so that no end is missed.
        auto ticket = announcements_.ticket(place, authorization.id.to_string());
        if (auto glance = begin(authorization, account, context, place))
            waiting.push_back({i, std::move(glance), std::move(ticket)});
    }
    const auto end = std::chrono::steady_clock::now() + patience;
    for (auto& [index, glance, ticket] : waiting) {
        const auto left =
            std::chrono::duration_cast<base::Milliseconds>(end - std::chrono::steady_clock::now());
        if (!has_ended(glance) && left.count() > 0) co_await ticket.wait(left);
        if (auto outcome = outcome_of(glance)) authorizations[index] = *std::move(outcome);
    }
    co_return authorizations;
}

StandingProofs::Handle StandingProofs::begin(const Authorization& authorization,
                                             const Account& account, const RequestContext& context,
                                             const base::Executor& place) {
    auto glance = std::make_shared<Glance>(Glance{authorization, account});
    glance->authorization.attempt = ValidationAttempt{.method = ChallengeType::dns_persist_01,
                                                      .started = clock_.now(),
                                                      .request = context.request};
    const auto id = authorization.id.to_string();
    {
        const std::scoped_lock lock(mutex_);
        const auto [entry, is_new] = under_way_.emplace(id, glance);
        if (!is_new) return entry->second;  // the same authorization at another place
    }
    const auto submission = queue_.submit({.id = id,
                                           .owner = account.id.to_string(),
                                           .target = validation_target(authorization.identifier),
                                           .place = place});
    if (submission == JobQueue::Submission::taken) return glance;
    end(id, std::nullopt);
    return nullptr;
}

base::Task<void> StandingProofs::carry_out(std::string id) {
    const auto glance = find(id);
    if (!glance) co_return;
    // Whatever ends this, also an exception, is the end of the glance.
    struct End {
        StandingProofs& proofs;
        const std::string& id;
        std::optional<Authorization> outcome{};
        ~End() { proofs.end(id, std::move(outcome)); }
    } ending{*this, id};
    auto authorization = glance->authorization;
    auto asking = inquiry_.ask(authorization, glance->account, Inquiry::Occasion::glance);
    const auto finding = co_await std::move(asking);
    if (finding.failure) co_return;
    const auto now = clock_.now();
    authorization.attempt = authorization.attempt->ended(now, std::nullopt);
    authorization.expires = proof_expiry(*profiles_.find(""), finding.reliable_for, now);
    auto charges = success_charges(limits_, authorization.account, authorization.identifier);
    auto finishing = repository_.finish_validation(authorization.id, *authorization.attempt,
                                                   authorization.expires, std::move(charges));
    const auto written = co_await std::move(finishing);
    // Otherwise the client has begun another challenge meanwhile.
    if (written.is_recorded) ending.outcome = std::move(authorization);
}

void StandingProofs::end(const std::string& id, std::optional<Authorization> outcome) {
    {
        const std::scoped_lock lock(mutex_);
        const auto entry = under_way_.find(id);
        if (entry == under_way_.end()) return;
        entry->second->outcome = std::move(outcome);
        entry->second->has_ended = true;
        under_way_.erase(entry);
    }
    announcements_.announce(id);
}

StandingProofs::Handle StandingProofs::find(const std::string& id) const {
    const std::scoped_lock lock(mutex_);
    const auto entry = under_way_.find(id);
    return entry == under_way_.end() ? nullptr : entry->second;
}

std::optional<Authorization> StandingProofs::outcome_of(const Handle& glance) const {
    const std::scoped_lock lock(mutex_);
    return glance->outcome;
}

bool StandingProofs::has_ended(const Handle& glance) const {
    const std::scoped_lock lock(mutex_);
    return glance->has_ended;
}

}  // namespace cairn::ca
