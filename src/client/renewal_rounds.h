#pragma once

#include <map>
#include <vector>

#include "base/clock.h"
#include "client/renewal.h"
#include "client/renewal_calendar.h"
#include "client/state_directory.h"
#include "crypto/random.h"

namespace cairn::client {

/// Which lineages a program that renews all the time looks at in its next round, and when that is.
/// Each of them whose renewal has failed waits on its own, twice as long after each further
/// failure. Not thread-safe.
class RenewalRounds {
  public:
    /// The longest time between two rounds: what no calendar tells of, such as files that were put
    /// in the place of others, is found out by then.
    static constexpr base::Seconds longest_pause = std::chrono::hours{1};

    explicit RenewalRounds(crypto::Random& random) : random_(random) {}

    /// Those of `all` that wait for nothing. What is known of others is forgotten.
    [[nodiscard]] std::vector<LineageName> to_look_at(const std::vector<LineageName>& all,
                                                      base::Time now);
    /// What a round has come to: what has failed waits for five minutes, twice as long each further
    /// time, at most six hours, with jitter, and as long as its CA asks for, at most a day. What
    /// was renewed waits too, so that a certificate that is due when it is issued is no endless
    /// loop.
    void note(const std::vector<RenewalOutcome>& outcomes, base::Time now);
    /// When the next round is to be, at least a second from now.
    [[nodiscard]] base::Time next_round(const std::vector<LineageName>& all,
                                        const RenewalCalendar& calendar, base::Time now) const;

    /// Nobody waits because of a failure any more.
    void forget_failures();
    /// The same for one lineage.
    void forget_failures(const LineageName& lineage);
    /// How many lineages have failed the last time they were looked at.
    [[nodiscard]] std::size_t failures() const;

  private:
    struct Pause {
        unsigned failures = 0;
        base::Time until;
    };
    [[nodiscard]] bool is_over(const Pause& pause, base::Time now) const;
    [[nodiscard]] base::Seconds jittered(base::Seconds pause);

    crypto::Random& random_;
    std::map<LineageName, Pause> pauses_;
};

}  // namespace cairn::client
