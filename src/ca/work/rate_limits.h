#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/facts/order.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "ca/rules/limits.h"

namespace cairn::ca {

/// What becomes of a request that a limit refuses: where a short wait would do, it is held and then
/// tried again, since some clients give up at the first 429; else it is told when to come again.
/// Thread-safe.
class RateLimits {
  public:
    struct Options {
        Limits limits{};
        /// URL of a page that explains the limits; empty: none.
        std::string help{};
        /// The longest wait for which a request is held.
        base::Seconds longest_hold{3};
        /// How many requests are held at once, and how many of one client.
        std::size_t most_held = 256, most_held_of_one = 4;
    };
    RateLimits(Options options, const base::Clock& clock, base::Log& log, Observer& observer)
        : options_(std::move(options)), clock_(clock), log_(log), observer_(observer) {}

    /// The limits that are on.
    [[nodiscard]] const Limits& limits() const { return options_.limits; }
    [[nodiscard]] const std::string& help() const { return options_.help; }

    /// Waits until `decision` would be another, for `client`: an account, an address. The present
    /// for the next try. Throws the refusal instead if that takes too long, or too many wait.
    [[nodiscard]] base::Task<base::Time> wait_or_refuse(Charges charges, ChargeDecision decision,
                                                        std::string client, RequestContext context);
    /// Why `order` is not counted as others are, as it is known at `now`: where it is placed and
    /// again where it is finalized.
    [[nodiscard]] base::Task<LimitExemption> exemption_of(Repository& store, const Order& order,
                                                          base::Time now) const;
    /// Throws the refusal.
    [[noreturn]] void refuse(const Charges& charges, const ChargeDecision& decision,
                             const RequestContext& context);

  private:
    /// A request's place among those that are held, until it is destroyed.
    class Place;
    [[nodiscard]] bool take_place(const std::string& client);
    void leave_place(const std::string& client);

    const Options options_;
    const base::Clock& clock_;
    base::Log& log_;
    Observer& observer_;
    std::mutex mutex_;
    std::size_t held_ = 0;
    std::map<std::string, std::size_t> held_of_;
};

}  // namespace cairn::ca
