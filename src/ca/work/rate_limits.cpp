#include "ca/work/rate_limits.h"

#include <algorithm>

#include "ca/work/renewal_advice.h"

namespace cairn::ca {

class RateLimits::Place {
  public:
    Place(RateLimits& limits, const std::string& client)
        : limits_(limits), client_(client), is_taken_(limits.take_place(client)) {}
    ~Place() {
        if (is_taken_) limits_.leave_place(client_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    [[nodiscard]] bool is_taken() const { return is_taken_; }

  private:
    RateLimits& limits_;
    const std::string& client_;
    const bool is_taken_;
};

bool RateLimits::take_place(const std::string& client) {
    const std::scoped_lock lock(mutex_);
    const auto entry = held_of_.find(client);
    const auto held = entry == held_of_.end() ? 0 : entry->second;
    if (held_ >= options_.most_held || held >= options_.most_held_of_one) return false;
    ++held_of_[client];
    ++held_;
    return true;
}

void RateLimits::leave_place(const std::string& client) {
    const std::scoped_lock lock(mutex_);
    --held_;
    const auto entry = held_of_.find(client);
    if (--entry->second == 0) held_of_.erase(entry);
}

base::Task<base::Time> RateLimits::wait_or_refuse(Charges charges, ChargeDecision decision,
                                                  std::string client, RequestContext context) {
    const auto wait = decision.retry_at - clock_.now();
    if (wait > options_.longest_hold) refuse(charges, decision, context);
    const Place place(*this, client);
    if (!place.is_taken()) refuse(charges, decision, context);
    observer_.limit_held(limit_of(charges.at(*decision.refused_by)));
    co_await base::sleep_for(std::max(base::Seconds(0), wait));
    // The clock may say a little less than the timer.
    co_return std::max(clock_.now(), decision.retry_at);
}

base::Task<LimitExemption> RateLimits::exemption_of(Repository& store, const Order& order,
                                                    base::Time now) const {
    LimitExemption exemption;
    if (order.replaces) {
        RenewalAdvice advice(store);
        const auto window = co_await advice.window_of(*order.replaces);
        exemption.is_advised_renewal = window && window->start <= now;
    }
    const auto question = same_set_question(limits(), order.identifiers);
    if (question.empty()) co_return exemption;
    const auto decision = co_await store.look(question, now);
    exemption.is_same_set = !decision.accepted;
    co_return exemption;
}

void RateLimits::refuse(const Charges& charges, const ChargeDecision& decision,
                        const RequestContext& context) {
    auto problem = limit_refusal(charges, decision, options_.help, context.time);
    const auto& charge = charges.at(*decision.refused_by);
    observer_.limit_refused(limit_of(charge));
    log_.info("limit refused", {{"request", context.request},
                                {"limit", to_string(limit_of(charge))},
                                {"bucket", charge.bucket},
                                {"retry_after", std::to_string(problem.retry_after->count())}});
    throw problem;
}

}  // namespace cairn::ca
